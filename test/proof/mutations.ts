/** A guard taken out on purpose. At least one of `tests` has to fail then, or the guard is not proven. */
export interface Mutation {
  readonly id: string
  /** What is taken away. */
  readonly removes: string
  /** The invariants of docs/architecture.md that it breaks. */
  readonly invariants: readonly string[]
  readonly file: string
  /** Source text that stands in `file` exactly once. */
  readonly anchor: string
  readonly replacement: string
  readonly tests: readonly string[]
}

const client = 'packages/pooler-safe/src/client'
const batch = 'packages/pooler-safe/src/batch'

export const mutations: readonly Mutation[] = [
  {
    id: 'names-through',
    removes: 'statement names are dropped before a query is sent',
    invariants: ['I1'],
    file: `${client}/safe-query.ts`,
    anchor: 'this.name = undefined',
    replacement: '',
    tests: ['packages/pooler-safe/test/client/unnamed-statements.test.ts'],
  },
  {
    id: 'named-parse-through',
    removes: 'the connection refuses a named Parse',
    invariants: ['I1'],
    file: `${client}/safe-connection.ts`,
    anchor: "if (request.name) throw namedStatement('Parse', request.name)",
    replacement: '',
    tests: ['packages/pooler-safe/test/client/unnamed-statements.test.ts'],
  },
  {
    id: 'commit-tag-unchecked',
    removes: 'COMMIT that is answered with ROLLBACK rejects',
    invariants: ['I5'],
    file: `${client}/transaction-watch.ts`,
    anchor: 'if (tag === expected) {',
    replacement: 'if (tag) {',
    tests: ['packages/pooler-safe/test/session', 'packages/pooler-safe/test/client'],
  },
  {
    id: 'release-status-unchecked',
    removes: 'a client goes back to the pool only in status I',
    invariants: ['I6'],
    file: 'packages/pooler-safe/src/pool/safe-pool.ts',
    anchor: "(client.isQuiet && client.status === 'I' && !client.evicted)",
    replacement: 'client.isQuiet',
    tests: ['packages/pooler-safe/test/pool/release.test.ts'],
  },
  {
    id: 'second-request',
    removes: 'a second request waits until the first is answered',
    invariants: ['I2'],
    file: `${client}/safe-connection.ts`,
    anchor: 'if (this.awaitingReady) throw pipelining()\n    this.awaitingReady = true',
    replacement: 'this.awaitingReady = true',
    tests: ['packages/pooler-safe/test/client/requests.test.ts'],
  },
  {
    id: 'session-state-through',
    removes: 'SQL that changes session state is refused',
    invariants: ['I3'],
    file: `${client}/sql-policy.ts`,
    anchor: 'if (finding) return { refusal: refusedFinding(finding) }',
    replacement: '',
    tests: ['packages/pooler-safe/test/client'],
  },
  {
    id: 'batch-index',
    removes: 'a batch says which of its statements failed',
    invariants: ['I8'],
    file: `${batch}/safe-batch.ts`,
    anchor: 'this.failedStep ??= this.completedSteps',
    replacement: 'this.failedStep ??= 0',
    tests: ['packages/pooler-safe/test/batch'],
  },
  {
    id: 'batch-commit-tag',
    removes: 'COMMIT inside a batch is verified',
    invariants: ['I5'],
    file: `${client}/safe-client.ts`,
    anchor: 'commands.some((command) => controlling.has(command)) ? new TransactionWatch(commands) : undefined',
    replacement: 'undefined',
    tests: ['packages/pooler-safe/test/batch/failures.test.ts'],
  },
  {
    id: 'batch-commits-half',
    removes: 'a routine in a batch runs inside an explicit transaction, where it cannot commit',
    invariants: ['I4'],
    file: `${client}/sql-policy.ts`,
    anchor: "const needsBlock = analysis.verdict !== 'safe'",
    replacement: "const needsBlock = analysis.verdict !== 'safe' && analysis.verdict !== 'opaque'",
    tests: ['packages/pooler-safe/test/batch/batch.test.ts'],
  },
  {
    id: 'settings-unproven',
    removes: 'a query under settings runs only when they are in force',
    invariants: ['I7'],
    file: 'packages/pooler-safe/src/settings/settings.ts',
    anchor: "${checks.join(' and ')} then",
    replacement: "${checks.join(' and ')} or true then",
    tests: ['packages/pooler-safe/test/settings/with-settings.test.ts'],
  },
  {
    id: 'escape-unnoticed',
    removes: 'the database cannot be used inside the callback of its transaction',
    invariants: ['I4'],
    file: 'packages/pooler-safe/src/session/escape-guard.ts',
    anchor: 'if (this.#rejects && this.#storage.getStore()?.isOpen) throw escaped()',
    replacement: '',
    tests: ['packages/pooler-safe/test/session/escape-guard.test.ts'],
  },
  {
    id: 'lost-commit-believed',
    removes: 'a transaction whose answer was lost resolves only if PostgreSQL says that it was committed',
    invariants: ['I5'],
    file: 'packages/pooler-safe/src/session/run-transaction.ts',
    anchor: "if (status === 'committed') return",
    replacement: 'if (status) return',
    tests: ['packages/pooler-safe/test/session/confirm.test.ts'],
  },
  {
    id: 'begin-failed-unnoticed',
    removes: 'nothing runs behind a BEGIN that failed',
    invariants: ['I4'],
    file: 'packages/pooler-safe/src/session/statement-queue.ts',
    anchor: 'if (lost || unopened) this.#unit.fatal ??= error',
    replacement: 'if (lost) this.#unit.fatal ??= error',
    tests: ['packages/pooler-safe/test/session/round-trips.test.ts'],
  },
]
