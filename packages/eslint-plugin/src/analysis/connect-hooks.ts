import { isFunction, nameOf, parentOf, propertyName, unwrap, type Node } from './estree.ts'
import type { Receivers } from './receivers.ts'

/** The function that runs whenever a client connection is made or taken, if a node stands in one. */
export function connectHookAround(node: Node, receivers: Receivers): Node | undefined {
  let current: Node | null | undefined = node
  while (current) {
    if (isFunction(current) && isConnectHook(current, receivers)) return current
    current = current.parent
  }
  return undefined
}

const hookNames = new Set('afterCreate afterConnect onConnect onCreateConnection afterPoolAcquire verify'.split(' '))

function isConnectHook(target: Node, receivers: Receivers): boolean {
  const parent = parentOf(target)
  if (!parent) return false
  if (parent.type === 'Property') {
    const name = propertyName(parent) ?? ''
    return hookNames.has(name) && name !== 'verify'
  }
  if (parent.type !== 'CallExpression' || !parent.callee) return false
  const callee = unwrap(parent.callee)
  if (callee.type !== 'MemberExpression' || !callee.object) return false
  const method = propertyName(callee) ?? ''
  const event = nameOf(parent.arguments?.[0])
  if (/^(?:afterConnect|addHook)$/.test(method)) return method === 'afterConnect' || event === 'afterConnect'
  if (!/^(?:on|once|addListener)$/.test(method) || !/^(?:connect|acquire)$/.test(event ?? '')) return false
  const receiver = receivers.of(callee.object)
  return (
    receiver === undefined ||
    receiver.driver === 'pg' ||
    receiver.driver === 'unknown' ||
    receiver.driver === 'pooler-safe'
  )
}
