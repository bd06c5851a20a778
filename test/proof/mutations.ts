import { judgeMutations } from './judge-mutations.ts'

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
    id: 'oracle-advisory-lock',
    removes: 'the classifier knows the functions of session-level advisory locks',
    invariants: ['I3'],
    file: 'packages/hazards/src/sql/table.ts',
    anchor: "declare('session', 'advisory-session-lock', `pg_${attempt}advisory_lock${shared}`, {",
    replacement: "declare('safe', 'advisory-session-lock', `pg_${attempt}advisory_lock${shared}`, {",
    tests: ['test/oracle'],
  },
  ...judgeMutations,
]
