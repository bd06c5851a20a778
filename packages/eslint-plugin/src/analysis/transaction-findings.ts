import { nameOfCall } from './call-names.ts'
import { escapes, isInOpenTransaction, parallelBuilders } from './escapes.ts'
import { functionAround, parentOf, type Node } from './estree.ts'
import type { Finding } from './finding.ts'
import { mayHideErrors } from './hidden-errors.ts'
import { isNetworkCall } from './network-calls.ts'
import type { Operation } from './operation.ts'
import type { TransactionFacts } from './transaction-facts.ts'
import { commandsOf, finallyAround, isAwaited, startedTogether, type TransactionCallback } from './transactions.ts'

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
