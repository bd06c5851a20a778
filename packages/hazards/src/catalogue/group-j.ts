import type { HazardGroupText } from './entry.ts'

/** Errors and retries. */
export const groupJ: HazardGroupText<'J'> = {
  J1: {
    title: 'One SQLSTATE for many failures',
    severity: 'loss',
    summary:
      'Poolers use one code for nearly everything: a full pool, a crashed backend, a mistake in the configuration. Retry rules that go by the code alone repeat what may have been executed, or give up where a retry is safe.',
    symptoms: [
      { pattern: 'server conn crashed\\?', sqlState: '08P01' },
      { pattern: 'query_wait_timeout', sqlState: '08P01' },
      { pattern: '\\(E[A-Z]+\\)', sqlState: 'XX000' },
      { pattern: 'Pool down|could not get connection from the pool', sqlState: '58000' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'error',
        note: '08P01 for everything.',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'error',
        note: 'XX000 with the kind in parentheses, few exceptions.',
        evidence: 'measured',
      },
      {
        pooler: 'pgcat',
        outcome: 'error',
        note: '58000, FATAL in name only: the connection goes on.',
        evidence: 'source',
      },
      { pooler: 'odyssey', outcome: 'error', note: '08006 mostly.', evidence: 'source' },
      { pooler: 'pgdog', outcome: 'error', note: 'Distinct codes.', evidence: 'source' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `if (error.code === '08P01') throw error`,
        good: `if (classifyError(error).retry === 'backoff') await tryAgainLater()`,
        note: 'Decide by code and message together, and ask first whether the statement can have been executed.',
      },
    ],
    evidence: ['PgBouncer 1.25.2', 'supavisor 2.9.10', 'pgcat at 5b03881'],
    detectedBy: ['reply'],
  },
  J2: {
    title: 'Fatal error blamed on the next query',
    severity: 'wrong',
    summary:
      'When its backend is killed a client gets one error for its query and another, fatal one for the next. A driver that goes on using the client reports the second to an innocent caller.',
    symptoms: [
      { pattern: 'server conn crashed\\?', sqlState: '08P01' },
      { pattern: 'terminating connection due to administrator command', sqlState: '57P01' },
    ],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.25.2', outcome: 'wrong', evidence: 'measured' },
      {
        pooler: 'pgagroal',
        versions: '1.6.0',
        outcome: 'error',
        note: 'An idle backend killed: 57P01 once, then the slot is lost.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        good: `client.release(true)`,
        note: 'Destroy a client after any FATAL or PANIC, even if its socket is still open.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['reply'],
  },
  J3: {
    title: 'Commit with unknown outcome',
    severity: 'loss',
    summary:
      'When the connection breaks after COMMIT was sent, nobody knows whether it happened. Retrying may do the work twice, giving up may lose it.',
    symptoms: [
      { pattern: 'Connection terminated unexpectedly' },
      { pattern: 'server conn crashed\\?', sqlState: '08P01' },
      { pattern: '\\(EDBHANDLEREXITED\\)', sqlState: 'XX000' },
    ],
    behaviour: [{ pooler: 'any', outcome: 'unknown', note: 'In the nature of a network.', evidence: 'inferred' }],
    alternatives: [
      {
        language: 'sql',
        good: 'select pg_xact_status($1::xid8)',
        note: 'Make the work idempotent by a unique key, or read pg_current_xact_id() inside the transaction and ask pg_xact_status afterwards.',
      },
    ],
    evidence: ['PostgreSQL documentation: transaction ID functions'],
    detectedBy: ['reply', 'runtime'],
  },
  J4: {
    title: 'Retry of a single statement in a transaction',
    severity: 'loss',
    summary:
      'A statement of a transaction is sent again on a new backend, where there is no transaction. What came before is gone, what comes after commits by itself.',
    symptoms: [{ pattern: 'there is no transaction in progress', sqlState: '25P01' }],
    behaviour: [
      { pooler: 'proxysql', versions: 'before #5654', outcome: 'wrong', evidence: 'reported' },
      { pooler: 'any', outcome: 'wrong', note: 'A matter of the driver.', evidence: 'reported' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `await db.transaction(async (tx) => { await retry(() => tx.query(text)) })`,
        good: `await retry(() => db.transaction(async (tx) => { await tx.query(text) }))`,
        note: 'Retry the whole transaction, never a part of it, and only when its work has no effects elsewhere.',
      },
    ],
    evidence: ['porsager/postgres#1155', 'sysown/proxysql#5654', 'slonik 47.3.2'],
    detectedBy: ['typescript', 'reply'],
  },
  J5: {
    title: 'First error hidden behind 25P02',
    severity: 'wrong',
    summary:
      'After an error every further statement of the transaction fails with 25P02. Logs full of 25P02 say nothing of the cause, which was the first one.',
    symptoms: [{ pattern: 'current transaction is aborted, commands ignored', sqlState: '25P02' }],
    behaviour: [{ pooler: 'any', outcome: 'wrong', note: 'PostgreSQL itself.', evidence: 'measured' }],
    alternatives: [
      {
        language: 'ts',
        note: 'Keep the first error of a transaction and report that one; send nothing but ROLLBACK after it.',
      },
    ],
    evidence: ['PostgreSQL 15.20'],
    detectedBy: ['reply'],
  },
  J6: {
    title: 'Retries that prolong the outage',
    severity: 'perf',
    summary:
      'After failed logins poolers shut the door for a while: a login retry delay, a ban, a circuit breaker. Immediate retries keep it shut.',
    symptoms: [
      { pattern: 'server login has been failing', sqlState: '08P01' },
      { pattern: '\\(ECIRCUITBREAKER\\)', sqlState: 'XX000' },
      { pattern: 'connection pool .*is down', sqlState: '58000' },
    ],
    behaviour: [
      { pooler: 'pgbouncer', outcome: 'refused', note: 'server_login_retry: 15 s.', evidence: 'documented' },
      { pooler: 'pgdog', outcome: 'refused', note: 'Bans.', evidence: 'source' },
      { pooler: 'supavisor', outcome: 'refused', note: 'Circuit breaker.', evidence: 'source' },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Wait a second or more before a retry, with jitter, doubling each time, and keep a budget for the process.',
      },
    ],
    evidence: ['supavisor at 03e5cc56'],
    detectedBy: ['reply', 'runtime'],
  },
  J7: {
    title: 'Automatic retry after 26000',
    severity: 'loss',
    summary:
      'Some drivers send a query again when its prepared statement is missing. Inside a transaction the error has already aborted it; the repeated COMMIT rolls back and looks like success.',
    symptoms: [{ pattern: 'prepared statement ".+" does not exist', sqlState: '26000' }],
    behaviour: [{ pooler: 'any', outcome: 'wrong', note: 'A matter of the driver.', evidence: 'reported' }],
    alternatives: [
      {
        language: 'ts',
        bad: `postgres(url)`,
        good: `postgres(url, { prepare: false })`,
        note: 'Use unnamed statements, and check the tag of COMMIT.',
      },
    ],
    evidence: ['porsager/postgres#1212'],
    detectedBy: ['reply', 'typescript'],
  },
  J8: {
    title: 'Pooler restart',
    severity: 'error',
    summary: 'A restart closes all clients at once, idle ones included, and all of them come back at once.',
    symptoms: [
      { pattern: 'Connection terminated unexpectedly' },
      { pattern: 'ECONNRESET|ECONNREFUSED' },
      { pattern: 'pooler is shutting down|server shutting down', sqlState: '08P01' },
      { pattern: '\\(EDBHANDLEREXITED\\)', sqlState: 'XX000' },
      { pattern: 'terminating connection due to administrator command', sqlState: '57P01' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'error',
        note: 'Killed: every client’s socket closes.',
        evidence: 'measured',
      },
      { pooler: 'supavisor', outcome: 'error', evidence: 'source' },
    ],
    alternatives: [{ language: 'ts', note: 'Handle errors of idle clients, and reconnect with jitter.' }],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['reply', 'runtime'],
  },
  J9: {
    title: 'Backend dropped as dirty',
    severity: 'error',
    summary:
      'PgBouncer closes an idle backend that sends something unexpected, such as a notification or the answer to a request nobody waits for. Pools shrink and reconnect for no visible reason.',
    symptoms: [{ pattern: 'idle server got dirty' }, { pattern: 'got packet .+ from server when not linked' }],
    behaviour: [{ pooler: 'pgbouncer', outcome: 'error', note: 'Shows in the pooler’s log.', evidence: 'source' }],
    alternatives: [
      {
        language: 'ts',
        note: 'Remove LISTEN and pipelining from pooled connections: they make backends speak out of turn.',
      },
    ],
    evidence: ['pgbouncer at 13a344f2'],
    detectedBy: ['probe'],
  },
}
