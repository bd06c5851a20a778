import type { HazardGroupText } from './entry.ts'

/** Cancel, COPY, replication, two-phase commit. */
export const groupH: HazardGroupText<'H'> = {
  H1: {
    title: 'Cancel that hits a stranger',
    severity: 'wrong',
    summary:
      'A cancel request names a backend, not a query. When the backend has gone to another client by the time it arrives, that client’s query is cancelled.',
    symptoms: [{ pattern: 'canceling statement due to user request', sqlState: '57014' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'safe',
        note: 'A stale cancel is harmless.',
        evidence: 'measured',
      },
      { pooler: 'odyssey', versions: '1.5.1', outcome: 'safe', evidence: 'measured' },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'safe',
        note: 'A stale cancel from an idle client was harmless; a race with a busy one is inferred from source.',
        evidence: 'measured',
      },
      {
        pooler: 'pgagroal',
        versions: '1.6.0',
        outcome: 'wrong',
        note: 'A stale cancel killed another client’s query.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        good: `begin; set local statement_timeout = '5s'; select count(*) from orders; commit`,
        note: 'Bound statements with a local statement_timeout, and cancel only a query inside an open transaction of your own.',
      },
    ],
    evidence: ['supavisor at 03e5cc56', 'pgagroal 1.6.0'],
    detectedBy: ['typescript', 'wire', 'reply'],
  },
  H2: {
    title: 'COPY through the pooler',
    severity: 'error',
    summary:
      'COPY works and pins a backend for as long as it runs. A socket destroyed in its middle costs the backend, a client without stream support fails it, and it cannot share a batch.',
    symptoms: [{ pattern: 'No source stream defined' }, { pattern: 'COPY from stdin failed', sqlState: '57014' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.21 to 1.22.0 with statement tracking',
        outcome: 'error',
        note: 'COPY FROM STDIN, fixed in 1.22.1.',
        evidence: 'documented',
      },
      { pooler: 'any', outcome: 'safe', note: 'A long COPY is a long pin.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'copy orders from stdin',
        good: 'insert into orders (id, total) select * from unnest($1::int[], $2::numeric[])',
        note: 'Insert arrays with unnest(), or run COPY alone on a client with stream support and end the stream in every case.',
        context: { mode: 'batch' },
      },
    ],
    evidence: ['PgBouncer 1.22.1'],
    detectedBy: ['sql-text', 'typescript', 'wire'],
  },
  H3: {
    title: 'Replication connection through the pooler',
    severity: 'hang',
    summary:
      'Poolers refuse the replication parameter, drop it, or let one failing replication login hold up everybody else.',
    symptoms: [
      { pattern: 'unsupported startup parameter: replication', sqlState: '08P01' },
      { pattern: 'server login has been failing', sqlState: '08P01' },
    ],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.18', outcome: 'refused', evidence: 'measured' },
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'hang',
        note: 'Works one to one; a login by a role without REPLICATION made the cold pool fail for ordinary clients for 15 s.',
        evidence: 'measured',
      },
      { pooler: 'supavisor', outcome: 'ignored', note: 'You get an ordinary session.', evidence: 'source' },
    ],
    alternatives: [{ language: 'ts', note: 'Use a direct connection for replication.' }],
    evidence: ['PgBouncer 1.18 and 1.25.2'],
    detectedBy: ['config', 'typescript', 'reply'],
  },
  H4: {
    title: 'Two-phase commit',
    severity: 'loss',
    summary:
      'A prepared transaction belongs to no session, so it works through poolers; but one that nobody finishes holds its locks for ever. PREPARE TRANSACTION of an aborted transaction rolls back without an error.',
    symptoms: [
      { pattern: 'prepared transaction with identifier ".+" does not exist', sqlState: '42704' },
      { pattern: 'prepared transactions are disabled', sqlState: '55000' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'safe',
        note: 'Another client could commit it; orphans keep their locks.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `prepare transaction 'job-1'`,
        good: `begin; update accounts set balance = 0; insert into outbox (topic) values ('closed'); commit`,
        note: 'Write to an outbox table in the same transaction instead of preparing it. Where it is needed, check the tag and watch pg_prepared_xacts.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['sql-text', 'reply', 'probe'],
  },
  H5: {
    title: 'Maintenance commands and dumps',
    severity: 'error',
    summary:
      'VACUUM, CREATE INDEX CONCURRENTLY and the like need autocommit and a backend for hours; timeouts on the way kill them and leave invalid indexes. pg_dump empties search_path on its backend, for whoever comes next.',
    symptoms: [
      { pattern: '.+ cannot run inside a transaction block', sqlState: '25001' },
      { pattern: 'canceling statement due to statement timeout', sqlState: '57014' },
      { pattern: 'query_timeout', sqlState: '08P01' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'leak',
        note: 'With an emptied search_path another client got 42P01.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'error', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'create index concurrently orders_customer on orders (customer)',
        note: 'Run it on a direct connection, alone, without a statement timeout.',
      },
    ],
    evidence: ['pgbouncer/pgbouncer#452', 'pgbouncer/pgbouncer#976'],
    detectedBy: ['sql-text', 'typescript'],
  },
  H6: {
    title: 'Order of parallel queries',
    severity: 'wrong',
    summary:
      'Queries sent in parallel on a pool run on different backends in no particular order. One sees the other’s rows only if that has committed before.',
    symptoms: [],
    behaviour: [{ pooler: 'any', outcome: 'wrong', note: 'A matter of the client.', evidence: 'inferred' }],
    alternatives: [
      {
        language: 'ts',
        bad: `await Promise.all([pool.query(insert), pool.query(select)])`,
        good: `await pool.query(insert); await pool.query(select)`,
        note: 'Await the write before starting what depends on it, or do both in one transaction.',
      },
    ],
    evidence: ['PostgreSQL documentation: read committed'],
    detectedBy: ['typescript'],
  },
}
