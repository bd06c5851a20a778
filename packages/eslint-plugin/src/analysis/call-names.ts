import { propertyName, unwrap, type Node } from './estree.ts'

/** A call as the reader knows it: `pool.query`, `fetch`. */
export function nameOfCall(node: Node): string {
  const callee = node.callee ?? node.tag
  if (!callee) return 'query'
  const inner = unwrap(callee)
  if (inner.type === 'Identifier') return String(inner.name)
  const method = propertyName(inner) ?? 'query'
  const object = inner.object && unwrap(inner.object)
  if (!object) return method
  if (object.type === 'Identifier') return `${String(object.name)}.${method}`
  const owner = object.type === 'MemberExpression' ? propertyName(object) : undefined
  return owner === undefined ? method : `${owner}.${method}`
}
