import type { HazardGroupText } from './entry.ts'

/** Transactions. */
export const groupD: HazardGroupText<'D'> = {
  D1: {
    title: 'BEGIN on a pool',
    severity: 'loss',
    summary:
      'Every query of a pool may take another client. The transaction stays open on the one that got BEGIN, later queries of other requests run inside it, and their writes are rolled back when it goes away.',
    symptoms: [{ pattern: 'terminating connection due to idle-in-transaction timeout', sqlState: '25P03' }],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'wrong',
        note: 'A matter of the client-side pool; behind a pooler it also pins a backend.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'begin',
        good: 'begin; update accounts set balance = 0; commit',
        note: 'Open transactions with a function that keeps one client for all of their statements.',
      },
      {
        language: 'ts',
        bad: `await pool.query('begin')`,
        good: `await db.transaction(async (tx) => { await tx.query('update accounts set balance = 0') })`,
        note: 'Pass the work as a callback.',
      },
    ],
    evidence: ['pg-pool 3.14'],
    detectedBy: ['sql-text', 'typescript', 'wire', 'reply'],
  },
  D2: {
    title: 'Client released with an open transaction',
    severity: 'loss',
    summary:
      'The client-side pool does not look at the transaction status of what it gets back. The next user starts inside a stranger’s transaction.',
    symptoms: [{ pattern: 'there is already a transaction in progress', sqlState: '25001' }],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'wrong',
        note: 'Measured with pg-pool 3.14: the next checkout had status T.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `const client = await pool.connect(); await client.query('begin'); client.release()`,
        good: `await db.transaction(async (tx) => { await tx.query('update accounts set balance = 0') })`,
        note: 'Destroy a client that is not idle when it comes back, by `release(true)`. Rolling back is not enough when the state of its pipeline is unknown.',
      },
    ],
    evidence: [
      'brianc/node-postgres#154',
      'brianc/node-postgres#3597',
      'launchbadge/sqlx#4409',
      'oven-sh/bun#36075',
      'porsager/postgres#1218',
    ],
    detectedBy: ['reply'],
  },
  D3: {
    title: 'COMMIT that became a rollback',
    severity: 'loss',
    summary:
      'COMMIT of an aborted transaction is answered with the tag ROLLBACK and no error. Drivers resolve the promise, and the writes are gone.',
    symptoms: [{ pattern: 'current transaction is aborted, commands ignored', sqlState: '25P02' }],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'wrong',
        note: 'PostgreSQL itself; poolers make it frequent by failing statements that drivers then retry.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `await client.query('commit')`,
        good: `const { command } = await client.query('commit'); if (command !== 'COMMIT') throw new Error('rolled back')`,
        note: 'Check that the command tag of COMMIT is COMMIT and throw otherwise.',
      },
    ],
    evidence: [
      'porsager/postgres#1212',
      'porsager/postgres#1217',
      'oven-sh/bun#35119',
      'tokio-postgres#1342',
      'ClawVille#173',
    ],
    detectedBy: ['reply'],
  },
  D4: {
    title: 'COMMIT without a transaction',
    severity: 'loss',
    summary:
      'COMMIT outside a transaction only warns. After a silent reconnect in mid transaction the statements commit one by one, and the final COMMIT seems to succeed.',
    symptoms: [{ pattern: 'there is no transaction in progress', sqlState: '25P01' }],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'ignored',
        note: 'PostgreSQL itself: a warning and the tag COMMIT.',
        evidence: 'measured',
      },
      { pooler: 'proxysql', outcome: 'wrong', note: 'Before #5654.', evidence: 'reported' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'commit',
        good: 'begin; update accounts set balance = 0; commit',
        note: 'Send COMMIT on the client that sent BEGIN, and check that its status was in transaction before.',
      },
    ],
    evidence: ['porsager/postgres#1155', 'sysown/proxysql#5654'],
    detectedBy: ['sql-text', 'reply'],
  },
  D5: {
    title: 'BEGIN inside a transaction',
    severity: 'leak',
    summary:
      'PostgreSQL warns that a transaction is already in progress. On a fresh checkout that means you are in a stranger’s transaction; your COMMIT commits theirs.',
    symptoms: [{ pattern: 'there is already a transaction in progress', sqlState: '25001' }],
    behaviour: [
      {
        pooler: 'supavisor',
        versions: '2.9',
        outcome: 'leak',
        note: 'Backends with open transactions went back to the pool.',
        evidence: 'reported',
      },
      { pooler: 'any', outcome: 'ignored', note: 'PostgreSQL only warns.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'begin; begin; commit',
        good: 'begin; savepoint inner_work; release inner_work; commit',
        note: 'Use a savepoint for a nested transaction; when the warning comes on a fresh client, destroy that client.',
      },
    ],
    evidence: ['supabase/supavisor#1172', 'xmtp#4073'],
    detectedBy: ['sql-text', 'reply'],
  },
  D6: {
    title: 'Several statements in one simple query',
    severity: 'wrong',
    summary:
      'Statements joined by semicolons share one implicit transaction unless the text itself commits. What is undone by an error depends on where the text commits, and some commands refuse to run there.',
    symptoms: [{ pattern: '.+ cannot run inside a transaction block', sqlState: '25001' }],
    behaviour: [
      { pooler: 'any', outcome: 'wrong', note: 'PostgreSQL itself.', evidence: 'measured' },
      { pooler: 'pgdog', outcome: 'wrong', note: 'Routes by the first statement.', evidence: 'source' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'insert into a values (1); insert into b values (2)',
        good: 'begin; insert into a values (1); insert into b values (2); commit',
        note: 'Send the statements one by one in a transaction, so that it is plain what belongs together.',
      },
    ],
    evidence: ['PostgreSQL 15.20'],
    detectedBy: ['sql-text', 'wire'],
  },
  D7: {
    title: 'Waiting inside a transaction',
    severity: 'hang',
    summary:
      'While a transaction waits for something other than the database, it keeps one of few backends. Everybody else queues, until timeouts end the queue or the transaction.',
    symptoms: [
      { pattern: 'terminating connection due to idle-in-transaction timeout', sqlState: '25P03' },
      { pattern: 'idle transaction timeout', sqlState: '08P01' },
      { pattern: '\\(ECHECKOUTTIMEOUT\\)', sqlState: 'XX000' },
      { pattern: 'idle in transaction timeout', sqlState: '08006' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        outcome: 'hang',
        note: 'Others wait up to query_wait_timeout; idle_transaction_timeout, when set, ends the waiting transaction.',
        evidence: 'documented',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'hang',
        note: 'With all backends taken others end in ECHECKOUTTIMEOUT.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'hang', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `await db.transaction(async (tx) => { await tx.query(lock); await fetch(url); await tx.query(save) })`,
        good: `const answer = await fetch(url); await db.transaction(async (tx) => { await tx.query(lock); await tx.query(save) })`,
        note: 'Do network calls and other waiting before or after the transaction, and set idle_in_transaction_session_timeout locally.',
      },
    ],
    evidence: ['drizzle-team/drizzle-orm#4313'],
    detectedBy: ['typescript', 'runtime'],
  },
  D8: {
    title: 'Query that escapes its transaction',
    severity: 'leak',
    summary:
      'Inside a transaction callback a query goes to the pool instead of the transaction. It runs on another backend, without the transaction’s tenant or role, and with a full pool it waits for itself.',
    symptoms: [{ pattern: 'timeout exceeded when trying to connect' }],
    behaviour: [{ pooler: 'any', outcome: 'wrong', note: 'A matter of the client.', evidence: 'reported' }],
    alternatives: [
      {
        language: 'ts',
        bad: `await db.transaction(async (tx) => { await db.query('select id from orders') })`,
        good: `await db.transaction(async (tx) => { await tx.query('select id from orders') })`,
        note: 'Use the transaction that the callback is given, for every query in it, and never after it has ended.',
      },
    ],
    evidence: ['drizzle-team/drizzle-orm#1687'],
    detectedBy: ['typescript', 'runtime'],
  },
  D9: {
    title: 'Parallel queries in one transaction',
    severity: 'wrong',
    summary:
      'Queries started together on one client run one after the other. When one fails, its siblings fail with 25P02, perhaps after the callback has ended, and the first error may be lost.',
    symptoms: [{ pattern: 'current transaction is aborted, commands ignored', sqlState: '25P02' }],
    behaviour: [{ pooler: 'any', outcome: 'wrong', note: 'A matter of the client.', evidence: 'documented' }],
    alternatives: [
      {
        language: 'ts',
        bad: `await Promise.all([tx.query(first), tx.query(second)])`,
        good: `await tx.query(first); await tx.query(second)`,
        note: 'Await one query after the other inside a transaction.',
      },
    ],
    evidence: ['pg 8.23.1'],
    detectedBy: ['typescript', 'runtime'],
  },
  D10: {
    title: 'Savepoint outside a transaction, or its failure swallowed',
    severity: 'loss',
    summary:
      'SAVEPOINT needs a transaction. When ROLLBACK TO fails and nobody notices, the transaction stays aborted and its COMMIT rolls back.',
    symptoms: [
      {
        pattern: '(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) can only be used in transaction blocks',
        sqlState: '25P01',
      },
      { pattern: 'savepoint ".+" does not exist', sqlState: '3B001' },
    ],
    behaviour: [{ pooler: 'any', outcome: 'error', note: 'PostgreSQL itself.', evidence: 'documented' }],
    alternatives: [
      {
        language: 'sql',
        bad: 'savepoint step',
        good: 'begin; savepoint step; update accounts set balance = 0; release step; commit',
        note: 'Use savepoints only inside a transaction, and let a failed ROLLBACK TO end the transaction.',
      },
    ],
    evidence: ['porsager/postgres#1217'],
    detectedBy: ['sql-text', 'reply'],
  },
  D11: {
    title: 'Lock that ends with its statement',
    severity: 'loss',
    summary:
      'In autocommit a row lock or transaction-level advisory lock is gone when the statement is. Two workers claim the same row; LOCK TABLE fails outright.',
    symptoms: [{ pattern: 'LOCK TABLE can only be used in transaction blocks', sqlState: '25P01' }],
    behaviour: [{ pooler: 'any', outcome: 'wrong', note: 'PostgreSQL itself.', evidence: 'documented' }],
    alternatives: [
      {
        language: 'sql',
        bad: 'select id from jobs limit 1 for update skip locked',
        good: `update jobs set state = 'running' where id = (select id from jobs where state = 'ready' limit 1 for update skip locked) returning id`,
        note: 'Lock and change in one statement, or in one transaction.',
      },
    ],
    evidence: ['PostgreSQL documentation: explicit locking'],
    detectedBy: ['sql-text', 'typescript'],
  },
  D12: {
    title: 'Read that misses one’s own write',
    severity: 'wrong',
    summary:
      'A pooler that sends reads to replicas answers a SELECT from one that has not replayed your write. A function that writes, called by SELECT, fails there.',
    symptoms: [{ pattern: 'cannot execute .+ in a read-only transaction', sqlState: '25006' }],
    behaviour: [
      { pooler: 'pgdog', versions: 'read/write split', outcome: 'wrong', evidence: 'inferred' },
      { pooler: 'pgcat', versions: 'read/write split', outcome: 'wrong', evidence: 'inferred' },
      { pooler: 'rds-proxy', versions: 'reader endpoint', outcome: 'wrong', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Read in the transaction that wrote, or send reads that must be fresh to the primary.',
      },
    ],
    evidence: ['pgdog at b4601264'],
    detectedBy: ['probe'],
  },
  D13: {
    title: 'Statement-mode pooling',
    severity: 'error',
    summary: 'A pooler in statement mode changes backends after every statement and refuses transactions.',
    symptoms: [{ pattern: 'transaction blocks not allowed in statement pooling mode', sqlState: '08P01' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2 with pool_mode=statement',
        outcome: 'refused',
        note: 'BEGIN ends the connection; one message that begins and commits passes.',
        evidence: 'measured',
      },
      { pooler: 'pgdog', versions: 'statement mode', outcome: 'refused', note: '58000.', evidence: 'source' },
    ],
    alternatives: [
      { language: 'ts', note: 'Use a transaction-mode endpoint: nothing can be made safe in statement mode.' },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['probe', 'reply'],
  },
}
