import { isForOtherEngine } from './engine-branches.ts'
import { isFunction, isNode, nameOf, parentOf, propertyName, unwrap, type Node } from './estree.ts'
import type { Finding } from './finding.ts'
import { readSql } from './grammar.ts'
import { looseFindings } from './sql-findings.ts'
import { isHole } from './sql-text.ts'
import { tagName } from './template-tags.ts'
import type { StaticSql } from './static-sql.ts'

const looseHint = /pg_(?:try_)?advisory_(?:un)?lock|set_config\s*\(|^\s*(?:set|reset)\s+(?:session\s+)?[a-z_."]+/i
/** Whether a source has a text with such a hint. */
export const looseInSource =
  /pg_(?:try_)?advisory_(?:un)?lock|set_config\s*\(|['"`](?:\s|\\[nrt])*(?:set|reset)(?:\s|\\[nrt])/i

/** Strings that no visible call runs, and that can be nothing but hazardous SQL. */
export function loose(texts: readonly Node[], sql: StaticSql): readonly Finding[] {
  const findings: Finding[] = []
  for (const node of texts) {
    if (sql.used.has(node) || !looseHint.test(rawText(node)) || isProse(node) || isForOtherEngine(node)) continue
    const isPart = isPartOfBuilder(node)
    for (const pieces of sql.textsOf(topOfText(node))) {
      if (isPart) findings.push(...looseFindings(readSql([{ text: 'select ', start: node.range[0] }, ...pieces])))
      if (pieces.some((piece) => !isHole(piece))) findings.push(...looseFindings(readSql(pieces)))
    }
  }
  return findings
}

/** `` select({ a: sql`pg_try_advisory_lock(1)` }) ``, `select(knex.raw('…'))`: an expression that a builder selects. */
function isPartOfBuilder(node: Node): boolean {
  if (/^\s*(?:select|with|set|reset|do|create|insert|update|delete|perform)\b/i.test(rawText(node))) return false
  const parent = parentOf(node)
  if (parent?.type === 'TaggedTemplateExpression') return /sql$/i.test(parent.tag ? tagName(parent.tag) : '')
  const callee = parent?.type === 'CallExpression' ? parent.callee && unwrap(parent.callee) : undefined
  return callee?.type === 'MemberExpression' && /^(?:raw|literal|unsafe)$/.test(propertyName(callee) ?? '')
}

/** The sum that a string is a part of. */
function topOfText(node: Node): Node {
  let current = node
  while (current.parent?.type === 'BinaryExpression' && current.parent.operator === '+') current = current.parent
  return current
}

function rawText(node: Node): string {
  if (typeof node.value === 'string') return node.value
  return (node.quasis ?? []).map((quasi) => (quasi.value as { readonly cooked?: string }).cooked ?? '').join(' x ')
}

/** Whether a string is for people: a message, a test's name, a comparison, a key, an import. */
function isProse(node: Node): boolean {
  let current = node
  let parent = parentOf(current)
  while (parent && /^(?:TemplateLiteral|BinaryExpression|ConditionalExpression|ArrayExpression)$/.test(parent.type)) {
    if (parent.type === 'BinaryExpression' && parent.operator !== '+') return true
    current = parent
    parent = parentOf(current)
  }
  if (!parent) return true
  switch (parent.type) {
    case 'NewExpression':
    case 'ThrowStatement':
    case 'ExpressionStatement':
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'JSXExpressionContainer':
    case 'JSXAttribute':
    case 'SwitchCase':
    case 'MemberExpression':
    case 'TSLiteralType':
      return true
    case 'Property':
      return (
        parent.key === current ||
        /^(?:message|description|title|label|help|hint|summary|detail|name|note|comment|pattern)$/i.test(
          propertyName(parent) ?? '',
        )
      )
    case 'CallExpression': {
      const callee = parent.callee && unwrap(parent.callee)
      const method = callee?.type === 'MemberExpression' ? propertyName(callee) : nameOf(callee)
      const root = callee?.type === 'MemberExpression' && isNode(callee.object) ? nameOf(unwrap(callee.object)) : method
      return (
        isAssertion(parent) ||
        /^(?:describe|it|test|suite|expect|assert|console|logger|log|debug|chalk)$/.test(root ?? '') ||
        /^(?:log|debug|info|warn|error|includes|startsWith|endsWith|match|matches|test|indexOf|toBe|toEqual|toContain|toMatch|toThrow|split|replace|t|each|only|skip|equal|strictEqual|deepEqual)$/.test(
          method ?? '',
        )
      )
    }
  }
  return false
}

/** `expect(query).toHaveBeenCalledWith('set …')`, `expect(check('set …')).rejects`: a text that a test looks for. */
function isAssertion(call: Node): boolean {
  let current: Node | null | undefined = call
  while (current && !/(?:Statement|Declaration)$/.test(current.type) && !isFunction(current)) {
    let root: Node = current
    while (root.type === 'CallExpression' || root.type === 'MemberExpression') {
      const next: Node | undefined = root.type === 'CallExpression' ? root.callee : root.object
      if (!next) break
      root = unwrap(next)
    }
    if (current.type === 'CallExpression' && root !== current && /^(?:expect|assert)$/.test(nameOf(root) ?? ''))
      return true
    current = current.parent
  }
  return false
}
