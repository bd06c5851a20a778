import {
  isInside,
  isNode,
  nameOf,
  parentOf,
  propertyName,
  removalOf,
  unwrap,
  type Edit,
  type Node,
  type Reference,
  type Variable,
} from 'eslint-plugin-pooler-safe/analysis'
import { isPlainQuery, onlyStatement } from './plain-query.ts'
import type { ModuleFacts } from './module-facts.ts'

/** What a checked-out client is used for, rewritten. */
export interface RewrittenBlock {
  readonly title: string
  readonly edits: readonly Edit[]
  /** Why it may not mean the same; empty when it does. */
  readonly doubts: readonly string[]
}

export interface Unmatched {
  readonly problem: string
}

/** `const client = await pool.connect(); try { … } catch { … } finally { client.release() }`, taken apart. */
export interface ClientBlock {
  readonly declaration: Node
  readonly client: Variable
  readonly beforeTry: readonly Node[]
  readonly attempt: Node
  readonly body: readonly Node[]
  readonly finalizer: readonly Node[]
  readonly handler:
    { readonly node: Node; readonly parameter: string | undefined; readonly body: readonly Node[] } | undefined
  readonly queries: ReadonlyMap<Node, Reference>
}

/** Takes the code around a call of `connect` apart. */
export function partsOf(connect: Node, facts: ModuleFacts): ClientBlock | Unmatched {
  const awaited = parentOf(connect)
  const declarator = awaited?.type === 'AwaitExpression' ? parentOf(awaited) : undefined
  const declaration = declarator?.parent
  if (
    declarator?.type !== 'VariableDeclarator' ||
    declarator.id?.type !== 'Identifier' ||
    declaration?.type !== 'VariableDeclaration'
  )
    return { problem: 'the client is not kept in a constant of its own' }
  const client = facts.variableOf(declarator.id)
  if (declaration.kind !== 'const' || declaration.declarations?.length !== 1 || !client)
    return { problem: 'the client is not kept in a constant of its own' }
  const block = declaration.parent
  const statements = block && Array.isArray(block.body) ? (block.body as readonly Node[]) : []
  const index = statements.indexOf(declaration)
  const attemptAt = statements.findIndex((statement, position) => position > index && statement.type === 'TryStatement')
  const attempt = statements[attemptAt]
  if (!attempt?.block || index < 0) return { problem: 'no `try` follows' }
  const beforeTry = statements.slice(index + 1, attemptAt)
  if (beforeTry.some((statement) => queryOf(statement, facts) === undefined))
    return { problem: 'other statements stand between it and the `try`' }
  const queries = new Map<Node, Reference>()
  const finalizer = listOf(attempt.finalizer)
  const releases = finalizer.filter((statement) => isRelease(statement, client, facts))
  if (releases.length !== 1) return { problem: 'the client is not released in the `finally` of that `try`' }
  for (const reference of client.references) {
    const identifier = reference.identifier as Node
    if (identifier === declarator.id || reference.isWrite()) continue
    if (releases.some((statement) => isInside(identifier, statement))) continue
    const access = parentOf(identifier)
    const call = access && parentOf(access)
    const isQuery =
      access?.type === 'MemberExpression' &&
      access.object !== undefined &&
      unwrap(access.object) === identifier &&
      propertyName(access) === 'query' &&
      call?.type === 'CallExpression' &&
      call.callee !== undefined &&
      unwrap(call.callee) === access
    if (!isQuery)
      return { problem: `the client is used for more than queries (line ${String(facts.line(identifier))})` }
    queries.set(call, reference)
  }
  const { handler } = attempt
  const parameter = handler && (handler as { readonly param?: unknown }).param
  return {
    declaration,
    client,
    beforeTry,
    attempt,
    body: listOf(attempt.block),
    finalizer: finalizer.filter((statement) => !releases.includes(statement)),
    handler: handler
      ? {
          node: handler,
          parameter: isNode(parameter) ? nameOf(parameter) : undefined,
          body: listOf(isNode(handler.body) ? handler.body : undefined),
        }
      : undefined,
    queries,
  }
}

/** The statements of a block. */
export function listOf(block: Node | null | undefined): readonly Node[] {
  return block && Array.isArray(block.body) ? (block.body as readonly Node[]) : []
}

/** The call of `await client.query(…)` as a statement, errors of it swallowed or not. */
export function queryOf(statement: Node, facts: ModuleFacts): Node | undefined {
  if (statement.type !== 'ExpressionStatement' || !isNode(statement.expression)) return undefined
  const awaited = unwrap(statement.expression)
  if (awaited.type !== 'AwaitExpression' || !awaited.argument) return undefined
  let call = unwrap(awaited.argument)
  if (
    call.type === 'CallExpression' &&
    call.callee?.type === 'MemberExpression' &&
    propertyName(call.callee) === 'catch' &&
    call.callee.object
  )
    call = unwrap(call.callee.object)
  return facts.operations.has(call) ? call : undefined
}

function isRelease(statement: Node, client: Variable, facts: ModuleFacts): boolean {
  if (statement.type !== 'ExpressionStatement' || !isNode(statement.expression)) return false
  const call = unwrap(statement.expression)
  if (call.type !== 'CallExpression' || call.callee?.type !== 'MemberExpression' || !call.callee.object) return false
  const object = unwrap(call.callee.object)
  return (
    propertyName(call.callee) === 'release' &&
    (call.arguments ?? []).length === 0 &&
    object.type === 'Identifier' &&
    facts.variableOf(object) === client
  )
}

export function commandOf(query: Node, facts: ModuleFacts): string | undefined {
  return onlyStatement(facts.operations.get(query))?.command
}

export function queryDoubts(query: Node, facts: ModuleFacts): readonly string[] {
  const doubts: string[] = []
  if (parentOf(query)?.type !== 'AwaitExpression')
    doubts.push(`a query is not waited for where it is sent (line ${String(facts.line(query))})`)
  if (!isPlainQuery(query, facts)) doubts.push(`a query has options of \`pg\` (line ${String(facts.line(query))})`)
  return doubts
}

export function renames(queries: ReadonlyMap<Node, Reference>, to: string): readonly Edit[] {
  return [...queries.values()].map(({ identifier }) => ({ range: (identifier as Node).range, text: to }))
}

/** The edits that take `release()` away, and the `finally` if nothing else is in it. */
export function withoutRelease({ attempt, finalizer, client }: ClientBlock, facts: ModuleFacts): readonly Edit[] {
  const { block, handler } = attempt
  const before = handler ?? block
  if (!attempt.finalizer || !before) return []
  if (finalizer.length === 0) return [{ range: [before.range[1], attempt.range[1]], text: '' }]
  const release = listOf(attempt.finalizer).find((statement) => isRelease(statement, client, facts))
  return release ? [remove(release, facts)] : []
}

export function remove(node: Node, facts: ModuleFacts): Edit {
  return { range: removalOf(facts.text, node.range), text: '' }
}
