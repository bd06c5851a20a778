import type { Driver } from './drivers.ts'
import { functionAround, isInside, parentOf, unwrap, unwrapAwait, walk, type Node } from './estree.ts'
import type { Finding } from './finding.ts'
import type { Operation } from './operation.ts'
import { methodsOf } from './receiver.ts'
import type { TransactionFacts } from './transaction-facts.ts'
import { isAwaited, startedTogether, type TransactionCallback } from './transactions.ts'

/** Drivers whose statements on one client connection queue, or fail together, when they are started together. */
const sequential: ReadonlySet<Driver> = new Set(['pg', 'drizzle', 'kysely', 'typeorm', 'mikro-orm'])

/** Drivers of which every call on the outer handle runs a statement, or builds one that is awaited. */
const known: ReadonlySet<Driver> = new Set([
  'pg',
  'postgres.js',
  'pg-promise',
  'knex',
  'drizzle',
  'kysely',
  'typeorm',
  'prisma',
  'slonik',
  'pooler-safe',
])

/** Statements on the handle that the transaction was opened on, instead of the transaction. */
export function escapes(
  callback: TransactionCallback,
  operations: readonly Operation[],
  facts: TransactionFacts,
): readonly Finding[] {
  const { source, names, receivers } = facts
  const { callback: body, handle } = callback
  if (!handle) return []
  const outer = handleOf(callback.outer)
  const receiver = receivers.of(outer)
  if (receiver?.driver === 'foreign' || receiver?.driver === 'sequelize' || receiver?.role === 'transaction') return []
  const written = compact(source, outer)
  const variable = callback.outerRoot
  const findings: Finding[] = []
  walk(body, (node) => {
    if (node.type !== 'MemberExpression' && node.type !== 'TaggedTemplateExpression') return true
    const used = node.type === 'MemberExpression' ? node.object : node.tag
    if (!used || compact(source, used) !== written) return true
    const root = rootIdentifier(used)
    if (root && names.lookUp(String(root.name), root) !== variable) return true
    const call = topOfChain(node)
    // `sequelize.query(text, { transaction })`, `knex('job').transacting(trx)`: it is told where to run.
    if (handle.references.some(({ identifier }) => isInside(identifier as Node, call))) return true
    const operation = operations.find((item) => item.node === call || isInside(item.node, call))
    const isKnown = receiver !== undefined && known.has(receiver.driver)
    if (!operation && !(isKnown && isRun(call, node))) return true
    if (operation && !operation.texts.some(({ analysis }) => analysis.statements.length > 0) && !isKnown) return true
    findings.push({
      rule: 'no-query-outside-tx',
      hazard: 'query-escapes-tx',
      subject: written,
      range: used.range,
      ...(operation ? { operation } : {}),
      certain: true,
      variant: handle.name,
    })
    return false
  })
  return findings
}

/** `db` of `db.transaction().setIsolationLevel('serializable')`. */
function handleOf(node: Node): Node {
  let current = unwrapAwait(node)
  while (current.type === 'CallExpression' && current.callee?.type === 'MemberExpression' && current.callee.object) {
    current = unwrap(current.callee.object)
  }
  return current
}

function rootIdentifier(node: Node): Node | undefined {
  let current = unwrap(node)
  while (current.type === 'MemberExpression' && current.object) current = unwrap(current.object)
  return current.type === 'Identifier' ? current : undefined
}

function compact(source: string, node: Node): string {
  const inner = unwrap(node)
  return source.slice(inner.range[0], inner.range[1]).replace(/\s+/g, '')
}

/** The last call of the chain that a member access starts. */
function topOfChain(node: Node): Node {
  let current = node
  for (;;) {
    const parent = parentOf(current)
    if (!parent) return current
    const continues =
      (parent.type === 'MemberExpression' && parent.object !== undefined && unwrap(parent.object) === current) ||
      (parent.type === 'CallExpression' && parent.callee !== undefined && unwrap(parent.callee) === current)
    if (!continues) return current
    current = parent
  }
}

/** Whether a chain is run, not only built: it is awaited or started with others. */
function isRun(call: Node, start: Node): boolean {
  if (call.type !== 'CallExpression') return false
  const methods = methodsOf(call)
  // Nested transactions and savepoints are judged as callbacks of their own; these build fragments.
  if (
    methods.some((name) =>
      /^(?:raw|ref|fn|dynamic|selectFrom\$|with|as|toString|compile|toSQL|toQuery|release|end|destroy|on|once)$/.test(
        name,
      ),
    ) &&
    methods.length < 3
  ) {
    return false
  }
  return call !== start && (isAwaited(call) || startedTogether(call, functionAround(call)) !== undefined)
}

/** `Promise.all` over statements that builders run on the transaction. */
export function parallelBuilders(
  { callback, handle, outer }: TransactionCallback,
  { names, receivers }: TransactionFacts,
): readonly Finding[] {
  const driver = receivers.of(handleOf(outer))?.driver
  if (!handle || !driver || !sequential.has(driver)) return []
  const starts = new Map<Node, Node[]>()
  walk(callback, (node) => {
    if (node.type !== 'Identifier' || node.name !== handle.name || node.parent?.type !== 'MemberExpression') return true
    if (node.parent.object !== node || names.lookUp(handle.name, node) !== handle) return true
    const call = topOfChain(node.parent)
    const together = startedTogether(call, callback)
    if (together) starts.set(together, [...(starts.get(together) ?? []), node.parent])
    return true
  })
  return [...starts].flatMap(([together, members]): Finding[] => {
    const [first] = members
    const mapped = first && functionAround(first) !== functionAround(together)
    if (!first || (members.length < 2 && !mapped)) return []
    return [
      {
        rule: 'no-parallel-in-tx',
        hazard: 'parallel-in-tx',
        subject: handle.name,
        range: together.callee?.range ?? together.range,
        certain: true,
      },
    ]
  })
}

export function isInOpenTransaction(
  node: Node,
  callbacks: readonly TransactionCallback[],
  facts: TransactionFacts,
): boolean {
  const owner = functionAround(node)
  if (callbacks.some(({ callback, outer, handle }) => callback === owner && handle && isDatabase(outer, facts)))
    return true
  return facts.transactions.spans.some(
    (span) =>
      span.owner === owner &&
      node.range[0] > span.begin.node.range[1] &&
      span.end !== undefined &&
      node.range[1] < span.end.node.range[0],
  )
}

function isDatabase(outer: Node, { receivers }: TransactionFacts): boolean {
  const receiver = receivers.of(handleOf(outer))
  return receiver !== undefined && known.has(receiver.driver)
}
