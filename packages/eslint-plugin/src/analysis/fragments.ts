import { parentOf, propertyName, unwrap, type Node } from './estree.ts'
import type { ReadSql } from './grammar.ts'
import { looksLikeStatement } from './statement-start.ts'

/** Whether a template with a tag is a piece for another one: nobody waits for it, and it starts no statement. */
export function isPart(node: Node, texts: readonly ReadSql[]): boolean {
  if (parentOf(node)?.type === 'AwaitExpression' || texts.length === 0) return false
  return texts.every(({ sql }) => !looksLikeStatement(sql.text) && sql.holes[0]?.at !== 0)
}

/** Whether SQL is part of another statement: inside a template, an object, or an argument. */
export function isFragment(node: Node): boolean {
  const parent = parentOf(node)
  if (!parent) return false
  switch (parent.type) {
    case 'TemplateLiteral':
    case 'Property':
      return true
    case 'ArrayExpression':
    case 'ConditionalExpression':
    case 'LogicalExpression':
      return isFragment(parent)
    case 'ArrowFunctionExpression': {
      // `ids.map((id) => sql`…`)` is what its list is; what other callbacks return is run.
      const call = parentOf(parent)
      const callee = call?.type === 'CallExpression' ? call.callee : undefined
      const isList = callee?.type === 'MemberExpression' && /^(?:map|flatMap|reduce)$/.test(propertyName(callee) ?? '')
      return isList && call ? isFragment(call) : false
    }
    case 'CallExpression': {
      if (unwrap(parent.callee ?? parent) === node) return false
      const method = parent.callee?.type === 'MemberExpression' ? (propertyName(parent.callee) ?? '') : ''
      return !/^(?:all|allSettled|race|push)$/.test(method)
    }
  }
  return false
}
