import {
  checkoutMethods,
  sameMethods,
  sameProperties,
  transactionMethods,
  type Driver,
  type Exported,
  type Role,
} from './drivers.ts'
import { isFunction, nameOf, propertyName, unwrap, unwrapAwait, type Node } from './estree.ts'

/** What a statement is given to. */
export interface Receiver {
  readonly driver: Driver
  readonly role: Role
}

export function instanceOf(exported: Exported | undefined): Receiver | undefined {
  return exported && { driver: exported.driver, role: exported.role }
}

/** A value of a type: a Kysely transaction is a `Kysely`, too. */
export function typedAs(exported: Exported): Receiver {
  const { driver, role } = exported
  return { driver, role: driver === 'kysely' && role === 'pool' ? 'either' : role }
}

/** One of several possible values: the same driver, and the role that covers them all. */
export function unite(receivers: readonly (Receiver | undefined)[]): Receiver | undefined {
  const known = receivers.filter((receiver) => receiver !== undefined)
  const [first] = known
  if (!first) return undefined
  if (known.every(({ driver, role }) => driver === first.driver && role === first.role)) return first
  if (known.every(({ driver }) => driver === first.driver)) return { driver: first.driver, role: 'either' }
  return { driver: 'unknown', role: 'either' }
}

export function propertyOf(receiver: Receiver, name: string): Receiver | undefined {
  if (receiver.driver === 'foreign') return receiver
  if (receiver.driver === 'pooler-safe') return name === 'direct' ? { ...receiver, role: 'direct' } : receiver
  return sameProperties.has(name) || (receiver.driver === 'knex' && name === 'client') ? receiver : undefined
}

/** Whether a call hands a callback over. */
function hasCallback(call: Node): boolean {
  return (call.arguments ?? []).some((argument) => isFunction(unwrap(argument)))
}

export function resultOf(receiver: Receiver, method: string, call: Node): Receiver | undefined {
  const { driver, role } = receiver
  if (driver === 'foreign') return receiver
  if (checkoutMethods.has(method)) {
    return hasCallback(call) ? undefined : { driver, role: role === 'pool' || role === 'either' ? 'client' : role }
  }
  if (sameMethods.has(method)) return receiver
  if (
    driver === 'kysely' &&
    /^(?:transaction|startTransaction|setIsolationLevel|setAccessMode|execute)$/.test(method)
  ) {
    return { driver, role: 'transaction' }
  }
  if (transactionMethods.has(method) && !hasCallback(call) && driver === 'knex') return { driver, role: 'transaction' }
  return undefined
}

export function callbackArgument(
  receiver: Receiver | undefined,
  method: string,
  callee: Node,
  call: Node,
  index: number,
): Receiver | undefined {
  const driver = receiver?.driver ?? 'unknown'
  if (receiver?.driver === 'foreign') return receiver
  // Kysely: `db.transaction().execute(callback)`, `db.connection().execute(callback)`
  if (method === 'execute' && index === 0 && callee.object) {
    const made = methodsOf(callee.object)
    if (made.includes('transaction')) return { driver: driver === 'unknown' ? 'kysely' : driver, role: 'transaction' }
    if (made.includes('connection')) return { driver: driver === 'unknown' ? 'kysely' : driver, role: 'client' }
  }
  if (transactionMethods.has(method) && index === 0 && driver !== 'sequelize') return { driver, role: 'transaction' }
  if (!receiver) return undefined
  if (checkoutMethods.has(method) && index === (driver === 'pg' ? 1 : 0)) return { driver, role: 'client' }
  const event = nameOf(call.arguments?.[0])
  if (driver === 'pg' && (method === 'on' || method === 'once') && index === 0 && event !== 'error') {
    return { driver, role: 'client' }
  }
  return undefined
}

/** The methods called in a chain: `transaction`, `setIsolationLevel` of `db.transaction().setIsolationLevel(x)`. */
export function methodsOf(node: Node): readonly string[] {
  const methods: string[] = []
  let current = unwrapAwait(node)
  while (current.type === 'CallExpression' || current.type === 'MemberExpression') {
    if (current.type === 'MemberExpression') {
      const name = propertyName(current)
      if (name !== undefined) methods.push(name)
      if (!current.object) break
      current = unwrapAwait(current.object)
    } else {
      if (!current.callee) break
      current = unwrapAwait(current.callee)
    }
  }
  return methods
}
