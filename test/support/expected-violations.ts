import type { HazardId } from '@pooler-safe/hazards'

/** What the tests of a file do to the shared pooler on purpose. */
export interface ExpectedViolation {
  /** Path of the test file from the root of the repository; a pattern for files that share their tests. */
  readonly file: string | RegExp
  readonly hazard: HazardId
  /** Only where the statement at fault, or the summary when none is named, matches. */
  readonly matches?: RegExp
  /** Whether it happens depends on who is faster: an entry that nothing fits may stay. */
  readonly isTimed?: true
  readonly reason: string
}

/** Each with the reason why; an entry that fits nothing in its file any more fails the run. */
export const expectedViolations: readonly ExpectedViolation[] = [
  // Client connections that are cut: nobody is left who could roll back.
  {
    file: 'packages/pooler-safe/test/session/lost-commit.test.ts',
    hazard: 'leaked-open-tx',
    reason: 'a proxy cuts the client off before its COMMIT arrives',
  },
  {
    file: 'packages/pooler-safe/test/session/confirm.test.ts',
    hazard: 'leaked-open-tx',
    reason: 'a proxy cuts the client off before its COMMIT arrives',
  },
  {
    file: 'packages/pooler-safe/test/session/stream.test.ts',
    hazard: 'leaked-open-tx',
    matches: /^fetch /,
    isTimed: true,
    reason: 'a proxy cuts the client off in the middle of a stream',
  },
  {
    file: 'packages/pooler-safe/test/session/copy.test.ts',
    hazard: 'query-timeout-client-only',
    matches: /^copy /,
    isTimed: true,
    reason: 'a proxy cuts the client off in the middle of a COPY',
  },
  {
    file: 'packages/pooler-safe/test/session/copy.test.ts',
    hazard: 'ambiguous-commit',
    isTimed: true,
    reason: 'a proxy cuts the client off while COMMIT runs',
  },
  {
    file: 'packages/pooler-safe/test/endpoint/verify.test.ts',
    hazard: 'query-timeout-client-only',
    reason: 'a proxy plays a pooler that loses the client connection of a batch that fails',
  },
  {
    file: 'packages/pooler-safe/test/pool/outage.test.ts',
    hazard: 'query-timeout-client-only',
    matches: /pg_sleep\(5\)/,
    isTimed: true,
    reason: 'a proxy goes down while statements run',
  },
  // Code that is wrong, to see what the wrapper makes of it.
  {
    file: 'packages/pooler-safe/test/pool/release.test.ts',
    hazard: 'leaked-open-tx',
    reason: 'a client is released inside its transaction: the wrapper destroys it and warns',
  },
  {
    file: 'packages/pooler-safe/test/session/transaction.test.ts',
    hazard: 'commit-became-rollback',
    reason: 'every spelling of COMMIT is sent in an aborted transaction: the wrapper rejects what PostgreSQL does not',
  },
  {
    file: 'packages/pooler-safe/test/session/transaction.test.ts',
    hazard: 'commit-outside-tx',
    matches: /^rollback$/,
    reason: 'the same tests roll back what PostgreSQL has rolled back already',
  },
  {
    file: 'packages/pooler-safe/test/session/transaction.test.ts',
    hazard: 'multi-statement-simple',
    matches: /^commit; select 1$/,
    reason: 'COMMIT of an aborted transaction among other statements is to be noticed too',
  },
  {
    file: 'packages/pooler-safe/test/session/transaction.test.ts',
    hazard: 'two-phase',
    reason: 'PREPARE TRANSACTION is one of those spellings; the transaction is aborted, nothing is prepared',
  },
  {
    file: 'packages/pooler-safe/test/direct/direct.test.ts',
    hazard: 'startup-param-rejected',
    reason: 'directUrl is verified, and is the URL of a pooler: what that refuses at start-up tells what it is',
  },
  {
    file: 'packages/pooler-safe/test/session/limits.test.ts',
    hazard: 'long-statements',
    matches: /^vacuum item$/,
    reason: 'VACUUM has to run without the settings of a transaction, where somebody wants it all the same',
  },
  {
    file: 'examples/job-service/test/demo.test.ts',
    hazard: 'startup-param-rejected',
    reason: 'the demo verifies its endpoints: what a pooler refuses at start-up tells what it is',
  },
  // Processes that are killed in the middle of their work.
  {
    file: 'examples/batch-processor/test/killed-workers.test.ts',
    hazard: 'leaked-open-tx',
    isTimed: true,
    reason: 'workers are killed with SIGKILL: their work has to be done by others',
  },
  {
    file: 'examples/job-service/test/worker-processes.test.ts',
    hazard: 'leaked-open-tx',
    isTimed: true,
    reason: 'workers are killed with SIGKILL: their jobs have to be done by others',
  },
  // What libraries do, on plain pg and on the wrapper.
  {
    file: /^test\/ecosystem\//,
    hazard: 'commit-became-rollback',
    matches: /^commit;?$/i,
    reason: 'the contract of every library ends an aborted transaction with COMMIT: the wrapper has to reject it',
  },
  {
    file: /^test\/ecosystem\//,
    hazard: 'commit-outside-tx',
    matches: /^rollback$/i,
    reason: 'most libraries answer the COMMIT that was rejected with a ROLLBACK of their own',
  },
  {
    file: 'test/ecosystem/slonik.test.ts',
    hazard: 'leaked-open-tx',
    reason: 'a client is given back with its transaction open: the wrapper destroys it and tells the caller',
  },
]
