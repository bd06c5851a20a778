import type { Driver } from './drivers.ts'
import {
  functionAround,
  isFunction,
  isInside,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  unwrapAwait,
  walk,
  type Node,
} from './estree.ts'
import type { Finding } from './finding.ts'
import type { Operation } from './operations.ts'
import { methodsOf, type Receivers } from './receivers.ts'
import { mayHideErrors } from './hidden-errors.ts'
import type { Names } from './scope.ts'
import type { StaticSql } from './static-sql.ts'
import {
  commandsOf,
  finallyAround,
  isAwaited,
  startedTogether,
  type TransactionCallback,
  type Transactions,
} from './transactions.ts'

export interface TransactionFacts {
  readonly source: string
  readonly names: Names
  readonly sql: StaticSql
  readonly receivers: Receivers
  readonly transactions: Transactions
}

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

const networkModules =
  /^(?:axios|got|ky|undici|node-fetch|cross-fetch|isomorphic-fetch|superagent|needle|phin|openai|stripe|resend|nodemailer|twilio|@anthropic-ai\/.*|@aws-sdk\/.*|@google-cloud\/.*|@azure\/.*|@octokit\/.*|octokit|@sendgrid\/.*|@slack\/web-api|ai|@ai-sdk\/.*|ollama|amqplib|kafkajs|googleapis|@elastic\/elasticsearch|@opensearch-project\/.*|minio|meilisearch|algoliasearch|playwright.*|puppeteer.*)$/

/** What is wrong inside transactions. */
export function transactionFindings(
  nodes: readonly Node[],
  operations: readonly Operation[],
  callbacks: readonly TransactionCallback[],
  facts: TransactionFacts,
): readonly Finding[] {
  const findings: Finding[] = []
  for (const callback of callbacks) {
    findings.push(...escapes(callback, operations, facts), ...parallelBuilders(callback, facts))
  }
  const mayWait = callbacks.length > 0 || facts.transactions.spans.length > 0
  for (const node of mayWait ? nodes : []) {
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') continue
    if (isAwaited(node) && isInOpenTransaction(node, callbacks, facts) && isNetworkCall(node, facts)) {
      findings.push({
        rule: 'no-idle-in-tx',
        hazard: 'idle-in-tx',
        subject: nameOfCall(node),
        range: node.callee?.range ?? node.range,
        certain: true,
      })
    }
  }
  for (const operation of operations) findings.push(...operationFindings(operation, operations, facts))
  return findings
}

function operationFindings(
  operation: Operation,
  operations: readonly Operation[],
  facts: TransactionFacts,
): readonly Finding[] {
  const findings: Finding[] = []
  const { driver, node, receiver } = operation
  const owner = functionAround(node)
  const context = facts.transactions.contextOf(operation)
  if (
    driver === 'pg' &&
    receiver?.role === 'client' &&
    context !== 'autocommit' &&
    startedTogether(node, homeOf(operation, facts)) &&
    !commandsOf(operation).includes('begin')
  ) {
    findings.push({
      rule: 'no-parallel-in-tx',
      hazard: 'parallel-in-tx',
      subject: nameOfCall(node),
      range: node.callee?.range ?? node.range,
      operation,
      certain: true,
    })
  }
  if (context === 'transaction' && finallyAround(node, owner) && isReset(operation)) {
    findings.push({
      rule: 'no-reset-in-finally',
      hazard: 'reset-in-finally',
      subject: nameOfCall(node),
      range: node.range,
      operation,
      certain: true,
    })
  }
  const commands = commandsOf(operation)
  const isCommit = commands.length === 1 && commands[0] === 'commit'
  const mayBePostgres = driver === 'pg' || (driver === 'unknown' && context === 'transaction')
  if (isCommit && mayBePostgres && isUnread(node) && mayHideErrors(operation, operations, facts)) {
    findings.push({
      rule: 'require-commit-check',
      hazard: 'commit-became-rollback',
      subject: 'COMMIT',
      range: node.range,
      operation,
      certain: true,
    })
  }
  return findings
}

/** The function that the client connection of an operation belongs to: those it is taken in are one for each call. */
function homeOf({ node, root }: Operation, { names }: TransactionFacts): Node {
  const definition = root && names.definition(root)
  let home = definition ? functionAround(definition.node) : node
  if (!definition) while (home.parent) home = home.parent
  return home
}

/** Whether a statement puts back what ends with the transaction anyhow. */
function isReset(operation: Operation): boolean {
  return operation.texts.some(({ analysis }) =>
    analysis.statements.some((statement) =>
      statement.reasons.some(({ hazard }) =>
        ['set-local-outside-tx', 'session-set', 'set-role', 'set-config-session', 'dangerous-guc'].includes(hazard),
      ),
    ),
  )
}

/** Whether nobody looks at what a call resolves to. */
function isUnread(node: Node): boolean {
  let current = node
  for (;;) {
    const parent = parentOf(current)
    if (!parent) return true
    if (parent.type === 'ExpressionStatement') return true
    if (parent.type !== 'AwaitExpression') return false
    current = parent
  }
}

/** Statements on the handle that the transaction was opened on, instead of the transaction. */
function escapes(
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
function parallelBuilders(
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

function isInOpenTransaction(node: Node, callbacks: readonly TransactionCallback[], facts: TransactionFacts): boolean {
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

/** Whether a call waits for the network or for time to pass. */
function isNetworkCall(node: Node, { names, receivers, sql }: TransactionFacts): boolean {
  if (node.type === 'NewExpression') {
    // `await new Promise((resolve) => setTimeout(resolve, 100))`
    return nameOf(node.callee) === 'Promise' && callsTimer(node)
  }
  const callee = node.callee && unwrap(node.callee)
  if (!callee) return false
  if (callee.type === 'Identifier') {
    const name = String(callee.name)
    if (name === 'fetch')
      return names.lookUp(name, callee) === undefined || isNetwork(receivers.moduleNameOf(callee)?.module)
    const found = receivers.moduleNameOf(callee)
    if (found) return isNetwork(found.module) || /^(?:node:)?timers\/promises$/.test(found.module)
    const target = sql.functionOf(callee)
    return target !== undefined && !hasAwait(target) && callsTimer(target)
  }
  if (callee.type !== 'MemberExpression' || !callee.object) return false
  const found = receivers.moduleNameOf(callee)
  if (found) return isNetwork(found.module)
  let root = unwrap(callee.object)
  while (root.type === 'MemberExpression' && root.object) root = unwrap(root.object)
  const made = unwrapAwait(sql.resolve(root))
  const maker = (made.type === 'NewExpression' || made.type === 'CallExpression') && made.callee
  return maker ? isNetwork(receivers.moduleNameOf(maker)?.module) : false
}

function isNetwork(module: string | undefined): boolean {
  return module !== undefined && networkModules.test(module)
}

function callsTimer(node: Node): boolean {
  let found = false
  walk(node, (inner) => {
    if (inner.type === 'CallExpression' && nameOf(inner.callee) === 'setTimeout') found = true
    return !found
  })
  return found
}

function hasAwait(target: Node): boolean {
  let found = false
  walk(target, (inner) => {
    if (inner !== target && isFunction(inner)) return false
    if (inner.type === 'AwaitExpression' && inner.argument && unwrap(inner.argument).type !== 'NewExpression')
      found = true
    return !found
  })
  return found
}

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
