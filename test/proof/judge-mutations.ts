import type { Mutation } from './mutations.ts'

const judge = 'packages/testkit/src/judge'
const pooler = 'packages/testkit/src/pooler'
const wire = 'packages/testkit/src/wire'
const auditTests = ['packages/testkit/test/judge/audit-transactions.test.ts']
const bugTests = ['packages/testkit/test/judge/planted-bugs.test.ts']

/** Guards of the test pooler that judges everybody else: it has no invariants of the wrapper's, but promises of its own. */
export const judgeMutations: readonly Mutation[] = [
  {
    id: 'audit-charges-again',
    removes: 'residue that was there before is not charged again',
    invariants: [],
    file: `${judge}/backend-auditor.ts`,
    anchor: '.filter(([key]) => !state.residue.has(key))',
    replacement: '.filter(([key]) => !state.fresh.has(key))',
    tests: auditTests,
  },
  {
    id: 'audit-leaves-residue',
    removes: 'a backend is cleaned before the next client has it',
    invariants: [],
    file: `${judge}/backend-auditor.ts`,
    anchor: "await backend.query('discard all')",
    replacement: '',
    tests: auditTests,
  },
  {
    id: 'audit-names-of-functions',
    removes: 'settings of functions that are made later are learnt',
    invariants: [],
    file: `${judge}/backend-auditor.ts`,
    anchor: 'if (functions !== knowledge.functions) {',
    replacement: 'if (knowledge.functions === undefined) {',
    tests: auditTests,
  },
  {
    id: 'fail-breaks-nobody',
    removes: 'onViolation: fail holds the client until it is judged',
    invariants: [],
    file: `${judge}/client-trial.ts`,
    anchor: 'return this.#court.holdsClients',
    replacement: 'return false',
    tests: [...auditTests, 'packages/testkit/test/judge/schedules.test.ts'],
  },
  {
    id: 'wire-commit-tag',
    removes: 'COMMIT that is answered with ROLLBACK is noticed',
    invariants: [],
    file: `${judge}/client-watch.ts`,
    anchor: "if (tag !== 'ROLLBACK' || !wantedCommit) return",
    replacement: 'if (wantedCommit) return',
    tests: bugTests,
  },
  {
    id: 'text-beside-residue',
    removes: 'a text proves nothing where the audit found nothing',
    invariants: [],
    file: `${judge}/text-findings.ts`,
    anchor: 'if (isAudited && auditable.has(hazard)) continue',
    replacement: '',
    tests: [...auditTests, ...bugTests],
  },
  {
    id: 'strict-after-the-fact',
    removes: 'the profile strict refuses before PostgreSQL has the statement',
    invariants: [],
    file: `${judge}/client-watch.ts`,
    anchor:
      '    this.#request.isFirst = false\n    if (this.#options.isStrict) this.#judgeText(sql)\n    this.#run(sql, [], true)',
    replacement: '    this.#request.isFirst = false\n    this.#run(sql, [], true)',
    tests: ['packages/testkit/test/judge/strict.test.ts'],
  },
  {
    id: 'carried-statements',
    removes: 'a statement that a backend does not know is parsed there first',
    invariants: [],
    file: `${pooler}/statement-carrier.ts`,
    anchor: 'if (!known.has(carried.serverName)) return this.#parseFor(carried, server, true)',
    replacement: '',
    tests: ['test/contract/contract.test.ts'],
  },
  {
    id: 'bytes-before-tls',
    removes: 'bytes sent before the TLS handshake are not taken for encrypted ones',
    invariants: [],
    file: `${pooler}/client-login.ts`,
    anchor: 'if (plain.readableLength > 0) return false',
    replacement: '',
    tests: ['packages/testkit/test/tls.test.ts'],
  },
  {
    id: 'upstream-certificate',
    removes: 'sslmode verify-ca and verify-full check who answers',
    invariants: [],
    file: `${wire}/open-socket.ts`,
    anchor: "rejectUnauthorized: tls.mode === 'verify-ca' || tls.mode === 'verify-full'",
    replacement: 'rejectUnauthorized: false',
    tests: ['packages/testkit/test/upstream-tls.test.ts'],
  },
  {
    id: 'upstream-channel-binding',
    removes: 'SCRAM is bound to the certificate of the server',
    invariants: [],
    file: `${wire}/login.ts`,
    anchor: 'if (end && offered.includes(boundMechanism)) return { serverEndPoint: end }',
    replacement: '',
    tests: ['packages/testkit/test/upstream-tls.test.ts'],
  },
  {
    id: 'surplus-answers',
    removes: 'an answer behind the end of an answer is not given to the next client',
    invariants: [],
    file: `${pooler}/client-connection.ts`,
    anchor: 'if (hasMore && this.#window.isIdle) {',
    replacement: 'if (hasMore && this.#window.isIdle && hasMore !== hasMore) {',
    tests: ['test/fuzz/fuzz.test.ts'],
  },
]
