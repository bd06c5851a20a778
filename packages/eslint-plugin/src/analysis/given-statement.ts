import type { Alternatives } from './alternatives.ts'
import { findProperty, isNode, nameOf, parentOf, propertyName, unwrap, valueOfProperty, type Node } from './estree.ts'
import { readSql, type ReadSql } from './grammar.ts'
import { isHole } from './sql-text.ts'

/** `query(text, { transaction })`, `raw(text).transacting(trx)`. */
export function isGivenTransaction(node: Node): boolean {
  const isNamed = (node.arguments ?? []).some((argument) => {
    if (argument.type !== 'ObjectExpression') return false
    const value = valueOfProperty(argument, 'transaction')
    return value !== undefined && value.type !== 'Literal' && nameOf(value) !== 'undefined'
  })
  const parent = parentOf(node)
  return (
    isNamed ||
    (parent?.type === 'MemberExpression' &&
      propertyName(parent) === 'transacting' &&
      parentOf(parent)?.type === 'CallExpression')
  )
}

/** The texts that are known in part at least. */
export function readAll(alternatives: Alternatives, always: boolean): readonly ReadSql[] {
  const seen = new Set<string>()
  const read: ReadSql[] = []
  for (const pieces of alternatives) {
    if (pieces.every((piece) => isHole(piece) || piece.text.trim() === '')) continue
    const answer = readSql(pieces, always)
    if (seen.has(answer.sql.text)) continue
    seen.add(answer.sql.text)
    read.push(answer)
  }
  return read
}

/** The `name` of `{ name, text, values }`, unless it is written there as nothing. */
export function statementName(config: Node): Node | undefined {
  if (config.type !== 'ObjectExpression') return undefined
  const property = findProperty(config, 'name')
  if (property === undefined || property === 'open' || !isNode(property.value)) return undefined
  const value = unwrap(property.value)
  const isNothing =
    (value.type === 'Identifier' && value.name === 'undefined') ||
    (value.type === 'Literal' && (value.value === null || value.value === ''))
  return isNothing ? undefined : property
}
