import { isFunction, propertyName, unwrap, type AnalysedOperation, type Node } from 'eslint-plugin-pooler-safe/analysis'
import type { ModuleFacts } from './module-facts.ts'

/** The one statement of an operation, when its text is known word for word and nobody has to guess. */
export function onlyStatement(operation: AnalysedOperation | undefined) {
  if (!operation) return undefined
  const [read, ...more] = operation.texts
  if (!read || more.length > 0 || read.readBy !== 'grammar' || read.analysis.unreadable !== undefined) return undefined
  const statements = read.analysis.statements.filter(({ command }) => command !== 'empty')
  return statements.length === 1 ? statements[0] : undefined
}

/** Whether an operation is one statement that needs no transaction and leaves nothing behind: any backend will do. */
export function standsAlone(operation: AnalysedOperation | undefined): boolean {
  const statement = onlyStatement(operation)
  return statement?.verdict === 'safe' && (statement.command === 'other' || statement.command === 'no-transaction')
}

const plainKeys = new Set(['text', 'values', 'name'])

/** Whether a call of `query` has no more than a text and values: no callback, cursor or option of `pg`. */
export function isPlainQuery(call: Node, facts: ModuleFacts): boolean {
  const args = call.arguments ?? []
  if (args.length === 0 || args.length > 2) return false
  if (args.some((argument) => argument.type === 'SpreadElement' || isFunction(unwrap(argument)))) return false
  const operation = facts.operations.get(call)
  if (!operation) return false
  const { sqlNode } = operation
  if (sqlNode.type !== 'ObjectExpression') return sqlNode.type !== 'NewExpression'
  return (sqlNode.properties ?? []).every((property) => plainKeys.has(propertyName(property) ?? '…'))
}
