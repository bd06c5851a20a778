import type { Command } from '@pooler-safe/hazards'
import {
  functionAround,
  isConditional,
  isFunction,
  isInside,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  unwrapAwait,
  type Node,
} from './estree.ts'
import { checkoutMethods, transactionMethods } from './drivers.ts'
import type { Operation } from './operation.ts'
import { methodsOf } from './receiver.ts'
import type { Receivers } from './receivers.ts'
import type { Names, Variable } from './scope.ts'

/**
 * Where a statement runs. `unknown`: the file does not show whether a transaction is open. `direct`: on a client
 * connection that goes past the pooler.
 */
export type Context = 'autocommit' | 'transaction' | 'unknown' | 'direct'

/** A function that runs inside a transaction, and what it was given to work with. */
export interface TransactionCallback {
  readonly callback: Node
  /** The call that opens the transaction. */
  readonly call: Node
  /** The variable that stands for the transaction inside. */
  readonly handle: Variable | undefined
  /** The object that the transaction was opened on. */
  readonly outer: Node
  readonly outerRoot: Variable | undefined
}

/** The span between BEGIN and COMMIT on one client connection. */
export interface OpenSpan {
  readonly root: Variable
  readonly owner: Node
  readonly begin: Operation
  readonly end: Operation | undefined
  readonly commits: readonly Operation[]
}

/** The callback of a transaction, if this is one. */
export function transactionCallback(node: Node, names: Names, receivers: Receivers): TransactionCallback | undefined {
  if (!isFunction(node)) return undefined
  const call = parentOf(node)
  if (call?.type !== 'CallExpression' || !call.callee) return undefined
  if (!(call.arguments ?? []).some((argument) => unwrap(argument) === node)) return undefined
  const callee = unwrap(call.callee)
  if (callee.type !== 'MemberExpression' || !callee.object) return undefined
  const method = propertyName(callee) ?? ''
  const isKysely = method === 'execute' && methodsOf(callee.object).includes('transaction')
  if (!isKysely && !transactionMethods.has(method)) return undefined
  const [parameter] = node.params
  const pattern = parameter?.type === 'AssignmentPattern' ? parameter.left : parameter
  const handle = pattern?.type === 'Identifier' ? names.lookUp(String(pattern.name), pattern) : undefined
  return { callback: node, call, handle, outer: callee.object, outerRoot: receivers.rootOf(callee.object) }
}

/** Follows BEGIN and COMMIT on the client connections of a file. */
export class Transactions {
  readonly spans: OpenSpan[] = []
  readonly #contexts = new Map<Operation, Context>()
  readonly #callbacks: readonly TransactionCallback[]

  constructor(operations: readonly Operation[], callbacks: readonly TransactionCallback[], names: Names) {
    this.#callbacks = callbacks
    const groups = new Map<Node, Map<Variable, Operation[]>>()
    for (const operation of operations) {
      const { root, receiver } = operation
      if (!root || (receiver && receiver.role !== 'client' && receiver.role !== 'either')) continue
      const owner = ownerOf(operation.node)
      const byRoot = groups.get(owner) ?? new Map<Variable, Operation[]>()
      groups.set(owner, byRoot)
      byRoot.set(root, [...(byRoot.get(root) ?? []), operation])
    }
    for (const [owner, byRoot] of groups) {
      for (const [root, list] of byRoot) this.#follow(owner, root, list, names)
    }
  }

  contextOf(operation: Operation): Context {
    const role = operation.receiver?.role
    if (role === 'direct') return 'direct'
    if (role === 'transaction' || operation.given) return 'transaction'
    const flow = this.#contexts.get(operation)
    if (flow && flow !== 'unknown') return flow
    if (role === 'pool') return 'autocommit'
    return flow ?? 'unknown'
  }

  /** The transaction callback that a node stands in, if any. */
  callbackAround(node: Node): TransactionCallback | undefined {
    let found: TransactionCallback | undefined
    for (const callback of this.#callbacks) {
      if (isInside(node, callback.callback) && (!found || isInside(callback.callback, found.callback))) found = callback
    }
    return found
  }

  #follow(owner: Node, root: Variable, operations: readonly Operation[], names: Names): void {
    const ordered = [...operations].sort((a, b) => a.node.range[0] - b.node.range[0])
    const fresh = isFresh(root, owner, names, ordered[0]?.receiver !== undefined)
    const handedOn = root.references.some((reference) => isHandedOn(reference.identifier as Node, ordered))
    let state: Context = fresh && !handedOn ? 'autocommit' : 'unknown'
    let open: { begin: Operation; commits: Operation[] } | undefined
    const restore: { readonly at: number; readonly state: Context; readonly open: typeof open }[] = []
    for (const operation of ordered) {
      for (let last = restore.at(-1); last && operation.node.range[0] > last.at; last = restore.at(-1)) {
        state = last.state
        open = last.open
        restore.pop()
      }
      const commands = commandsOf(operation)
      const before: Context = state
      if (commands.includes('begin') && !closes(commands)) {
        state = 'transaction'
        open = { begin: operation, commits: [] }
        this.#contexts.set(operation, before)
        continue
      }
      this.#contexts.set(operation, state)
      if (!closes(commands) || commands.includes('begin')) continue
      if (commands.includes('commit')) open?.commits.push(operation)
      const exit = exitingBlock(operation.node, owner)
      if (exit) restore.push({ at: exit.range[1], state, open })
      else if (open) {
        this.spans.push({ root, owner, begin: open.begin, end: operation, commits: open.commits })
        open = undefined
      }
      const isCertain = operation.texts.length === 1 && !isConditional(operation.node, owner)
      state = isCertain && ((fresh && !handedOn) || before === 'transaction') ? 'autocommit' : 'unknown'
    }
    if (open) this.spans.push({ root, owner, begin: open.begin, end: open.commits.at(-1), commits: open.commits })
  }
}

/** The function whose course a statement is part of: the callback of a `map` runs in that of its caller. */
function ownerOf(node: Node): Node {
  let owner = functionAround(node)
  for (;;) {
    const call = isFunction(owner) ? parentOf(owner) : undefined
    const callee = call?.type === 'CallExpression' ? call.callee : undefined
    if (!call || callee?.type !== 'MemberExpression') return owner
    if (!/^(?:map|flatMap|forEach)$/.test(propertyName(callee) ?? '')) return owner
    owner = functionAround(call)
  }
}

/** The commands of the statements of an operation. */
export function commandsOf(operation: Operation): readonly Command[] {
  return operation.texts.flatMap(({ analysis }) => analysis.statements.map((statement) => statement.command))
}

function closes(commands: readonly Command[]): boolean {
  return commands.some((command) => command === 'commit' || command === 'rollback')
}

/** Whether a client connection was taken by this very function. */
function isFresh(root: Variable, owner: Node, names: Names, isKnown: boolean): boolean {
  const definition = names.definition(root)
  if (definition?.type !== 'Variable' || functionAround(definition.node) !== owner) return false
  const { init } = definition.node
  if (!init) return false
  const value = unwrapAwait(init)
  if (value.type === 'NewExpression') return true
  if (value.type !== 'CallExpression' || value.callee?.type !== 'MemberExpression') return false
  // `await db.beginTransaction()`: what an unknown method hands out may be a transaction.
  return isKnown || checkoutMethods.has(propertyName(value.callee) ?? '')
}

/** Whether somebody else gets the client connection, who may open a transaction on it. */
function isHandedOn(reference: Node, operations: readonly Operation[]): boolean {
  const parent = reference.parent
  if (!parent) return false
  if (parent.type !== 'CallExpression' && parent.type !== 'NewExpression') {
    return parent.type === 'Property' || parent.type === 'ReturnStatement' || parent.type === 'AssignmentExpression'
  }
  return parent.callee !== reference && !operations.some((operation) => operation.node === parent)
}

/** The block around a statement, below `owner`, that leaves the function or loop at its end. */
function exitingBlock(node: Node, owner: Node): Node | undefined {
  let current: Node | null | undefined = node
  while (current && current !== owner) {
    const parent: Node | null | undefined = current.parent
    if (current.type === 'BlockStatement' && parent !== owner) {
      if (parent?.type === 'CatchClause' || parent?.type === 'TryStatement') return undefined
      const last = Array.isArray(current.body) ? (current.body as readonly Node[]).at(-1) : undefined
      return last && /^(?:Return|Throw|Continue|Break)Statement$/.test(last.type) ? current : undefined
    }
    current = parent
  }
  return undefined
}

/** The `try` whose `finally` a node stands in, below `owner`. */
export function finallyAround(node: Node, owner: Node): Node | undefined {
  let current: Node | null | undefined = node
  while (current && current !== owner) {
    const parent: Node | null | undefined = current.parent
    if (parent?.type === 'TryStatement' && parent.finalizer === current) return parent
    current = parent
  }
  return undefined
}

/** Whether the promise of a call is waited for in the course of things (and not handed to somebody). */
export function isAwaited(node: Node): boolean {
  let current: Node = node
  for (;;) {
    const parent = parentOf(current)
    if (!parent) return false
    if (parent.type === 'AwaitExpression') return true
    // `fetch(url).then(…)`
    const isChained =
      parent.type === 'MemberExpression' && parent.object !== undefined && unwrap(parent.object) === current
    const call = isChained ? parentOf(parent) : undefined
    if (call?.type !== 'CallExpression') return false
    if (!/^(?:then|catch|finally)$/.test(propertyName(parent) ?? '')) return false
    current = call
  }
}

/** The `Promise.all` (or `allSettled`, `race`, `any`) that starts a call together with others. */
export function startedTogether(node: Node, owner: Node): Node | undefined {
  let current: Node | null | undefined = node
  while (current && current !== owner) {
    const parent: Node | null | undefined = current.parent
    if (parent?.type === 'CallExpression' && parent.callee?.type === 'MemberExpression') {
      const { object } = parent.callee
      const method = propertyName(parent.callee) ?? ''
      if (nameOf(object) === 'Promise' && /^(?:all|allSettled|race|any)$/.test(method)) return parent
    }
    // Only what stands in the list itself, or in the callback of a `map` that makes the list.
    if (isFunction(parent)) {
      const call = parentOf(parent)
      const isMap =
        call?.type === 'CallExpression' &&
        call.callee?.type === 'MemberExpression' &&
        propertyName(call.callee) === 'map'
      if (!isMap) return undefined
    }
    current = parent
  }
  return undefined
}
