import type { HazardGroupText } from './entry.ts'

/** Protocol and prepared statements. */
export const groupA: HazardGroupText<'A'> = {
  A1: {
    title: 'Named prepared statement in the protocol',
    severity: 'error',
    summary:
      'Parse names a statement on one backend and a later Bind reaches another one, where the name is unknown or already taken. When another client parsed different SQL under the same name, that SQL runs instead.',
    symptoms: [
      { pattern: 'prepared statement ".+" does not exist', sqlState: '26000' },
      { pattern: 'prepared statement ".+" already exists', sqlState: '42P05' },
      { pattern: 'prepared statement did not exist', sqlState: '08P01' },
      { pattern: '\\(EPREPAREDNOTFOUND\\)', sqlState: '26000' },
      { pattern: '\\(EPREPAREDDUP\\)', sqlState: '42P05' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18, and 1.25.2 with max_prepared_statements=0',
        outcome: 'wrong',
        note: 'Unknown name 26000, taken name 42P05; a Bind of a name that only another client parsed runs its SQL.',
        evidence: 'measured',
      },
      {
        pooler: 'pgbouncer',
        versions: '1.25.2 with max_prepared_statements=200 (the default)',
        outcome: 'safe',
        note: 'Binding a name that this client never parsed ends the connection with 08P01.',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main, named_prepared_statements off (the default)',
        outcome: 'wrong',
        note: 'As PgBouncer without tracking.',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main, named_prepared_statements on',
        outcome: 'safe',
        note: 'Binding a name that this client never parsed ends the connection with 26000.',
        evidence: 'measured',
      },
      {
        pooler: 'odyssey',
        versions: '1.5.1 with pool_reserve_prepared_statement on',
        outcome: 'safe',
        evidence: 'measured',
      },
      { pooler: 'odyssey', versions: '1.5.1, reservation and discard off', outcome: 'wrong', evidence: 'measured' },
      {
        pooler: 'pgagroal',
        versions: '1.6.0',
        outcome: 'wrong',
        note: '26000, 42P05, or the statement of another client.',
        evidence: 'measured',
      },
      { pooler: 'pgdog', versions: 'extended', outcome: 'safe', evidence: 'documented' },
      {
        pooler: 'pgcat',
        outcome: 'error',
        note: 'Safe with prepared_statements_cache_size above 0.',
        evidence: 'documented',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `await pool.query({ name: 'find-user', text: 'select id from users where id = $1', values: [id] })`,
        good: `await pool.query({ text: 'select id from users where id = $1', values: [id] })`,
        note: 'Use unnamed statements: leave out `name` in `query()` and turn preparation off in drivers that name statements by default. PostgreSQL plans them anew each time, which the pooler cannot get wrong.',
      },
    ],
    evidence: [
      'prisma/orm#556',
      'prisma/orm#2179',
      'prisma/orm#4752',
      'prisma/orm#11643',
      'prisma/orm#20298',
      'prisma/orm#21877',
      'prisma/orm#22831',
      'supabase/supabase#18772',
      'pgbouncer/pgbouncer#242',
      'umami#927',
    ],
    detectedBy: ['typescript', 'wire', 'reply', 'probe'],
  },
  A2: {
    title: 'Unnamed statement used after its Sync',
    severity: 'wrong',
    summary:
      'The driver parses the unnamed statement, lets the backend go (Sync) or leaves the request half-sent (Flush), and binds later. By then the unnamed statement may be another client’s, and its SQL runs with your parameters.',
    symptoms: [
      { pattern: 'bind message supplies \\d+ parameters?, but prepared statement "" requires \\d+', sqlState: '08P01' },
      { pattern: 'unnamed prepared statement does not exist', sqlState: '26000' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'wrong',
        note: 'With a Sync in between: runs the other client’s unnamed statement, or 26000 under round robin.',
        evidence: 'measured',
      },
      { pooler: 'supavisor', versions: '2.9.10 and main', outcome: 'wrong', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'wrong', evidence: 'measured' },
      {
        pooler: 'odyssey',
        versions: '1.5.1 with pool_reserve_prepared_statement on',
        outcome: 'safe',
        evidence: 'measured',
      },
      { pooler: 'odyssey', versions: '1.5.1, reservation and discard off', outcome: 'wrong', evidence: 'measured' },
      {
        pooler: 'pgdog',
        outcome: 'wrong',
        note: 'Rows of another table under overload; the issue is closed.',
        evidence: 'reported',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Send Parse, Bind, Describe, Execute and Sync of a query in one write, as pg does for `query(text, values)`. Never send Flush, and never describe a statement in a request of its own.',
      },
    ],
    evidence: ['supabase/supavisor#1172', 'pgdogdev/pgdog#574', 'pgdogdev/pgdog#759'],
    detectedBy: ['wire', 'reply'],
  },
  A3: {
    title: 'PREPARE, EXECUTE and DEALLOCATE in SQL',
    severity: 'error',
    summary:
      'The statement exists on the backend that ran PREPARE and nowhere else. It stays there for strangers, who can execute it or collide with its name.',
    symptoms: [
      { pattern: 'prepared statement ".+" does not exist', sqlState: '26000' },
      { pattern: 'prepared statement ".+" already exists', sqlState: '42P05' },
      { pattern: '\\(EPSSIMPLEQUERY\\)', sqlState: 'XX000' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'error',
        note: '26000 on another backend; other clients can EXECUTE it.',
        evidence: 'measured',
      },
      { pooler: 'odyssey', versions: '1.5.1', outcome: 'error', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'error', evidence: 'measured' },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main, named_prepared_statements off',
        outcome: 'error',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main, named_prepared_statements on',
        outcome: 'refused',
        note: 'As a simple query: FATAL XX000 (EPSSIMPLEQUERY).',
        evidence: 'measured',
      },
      { pooler: 'pgdog', versions: 'full', outcome: 'safe', note: 'Rewritten per client.', evidence: 'documented' },
      { pooler: 'rds-proxy', outcome: 'safe', note: 'Pins the backend.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'prepare find_user (int) as select id from users where id = $1',
        good: 'select id from users where id = $1',
        note: 'Send the query itself with bound values instead of preparing it in SQL.',
      },
    ],
    evidence: ['PgBouncer 1.25.2', 'graphile-worker 0.17.3'],
    detectedBy: ['sql-text', 'reply'],
  },
  A4: {
    title: 'DEALLOCATE ALL, DISCARD ALL or DISCARD PLANS',
    severity: 'error',
    summary:
      'The command wipes statements that the pooler or other clients believe to exist. Their next use fails, or ends their connection.',
    symptoms: [
      { pattern: 'prepared statement did not exist', sqlState: '08P01' },
      { pattern: 'prepared statement "PGBOUNCER_\\d+" does not exist', sqlState: '26000' },
      { pattern: '\\(EPSSIMPLEQUERY\\)', sqlState: 'XX000' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2 with max_prepared_statements=200',
        outcome: 'error',
        note: 'Other clients are fine; the sender’s own driver cache is not: its next named query ends in FATAL 08P01.',
        evidence: 'measured',
      },
      {
        pooler: 'pgbouncer',
        versions: '1.21',
        outcome: 'error',
        note: 'Other clients get 26000.',
        evidence: 'reported',
      },
      {
        pooler: 'pgbouncer',
        versions: '1.18, and 1.25.2 with max_prepared_statements=0',
        outcome: 'error',
        note: 'Other clients’ statements are gone: 26000.',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main, named_prepared_statements on',
        outcome: 'refused',
        note: 'DEALLOCATE is refused; DISCARD ALL is not in the refused set (read in source).',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main, named_prepared_statements off',
        outcome: 'error',
        note: 'Other clients’ statements are gone: 26000.',
        evidence: 'measured',
      },
      {
        pooler: 'pgdog',
        versions: 'up to 0.1.57',
        outcome: 'ignored',
        note: 'Answered without being run; listens, locks and settings stayed.',
        evidence: 'reported',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'discard all',
        note: 'Leave it out: with unnamed statements and SET LOCAL there is nothing to discard.',
      },
      {
        language: 'ts',
        note: 'Replace the reset hook of a client-side pool that sends `discard all` by one that does nothing.',
      },
    ],
    evidence: ['prisma/orm#21877', 'pgdogdev/pgdog#1475', 'slonik 47.3.2'],
    detectedBy: ['sql-text', 'typescript', 'reply'],
  },
  A5: {
    title: 'Failed Parse remembered as done',
    severity: 'error',
    summary:
      'A named Parse fails or is skipped after an earlier error, yet the pooler records the statement as prepared. The retry collides with a statement that does not exist, possibly for every client of that backend.',
    symptoms: [
      { pattern: '\\(EPREPAREDDUP\\)', sqlState: '42P05' },
      { pattern: 'prepared statement ".+" already exists', sqlState: '42P05' },
    ],
    behaviour: [
      {
        pooler: 'supavisor',
        versions: 'named_prepared_statements on',
        outcome: 'error',
        note: 'Retry of the name: FATAL 42P05; the issue is closed.',
        evidence: 'reported',
      },
      { pooler: 'pgcat', outcome: 'error', note: 'The same, fixed by #647.', evidence: 'reported' },
    ],
    alternatives: [
      { language: 'ts', note: 'Use unnamed statements: they never enter the caches that get out of step.' },
    ],
    evidence: ['supabase/supavisor#1175', 'postgresml/pgcat#647', 'jackc/pgx#2223'],
    detectedBy: ['wire', 'reply'],
  },
  A6: {
    title: 'Describe of a named statement on its own',
    severity: 'error',
    summary:
      'A pooler that replays Parse before Bind may not do so before a lone Describe. Asking for the columns of a named statement then fails although executing it works.',
    symptoms: [{ pattern: 'prepared statement ".+" does not exist', sqlState: '26000' }],
    behaviour: [
      {
        pooler: 'supavisor',
        versions: '2.9.7 with named_prepared_statements on',
        outcome: 'error',
        note: 'Fixed by #1185 (September 2026).',
        evidence: 'reported',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Describe the unnamed portal within the same request, as pg does, never a named statement.',
      },
    ],
    evidence: ['supabase/supavisor#1174', 'supabase/supavisor#1185'],
    detectedBy: ['wire', 'reply'],
  },
  A7: {
    title: 'Named statement bound to a named portal',
    severity: 'error',
    summary:
      'The pooler drops the portal name while rewriting Bind but keeps the declared length. PostgreSQL then reads into the next message, and the shared backend’s stream is corrupt.',
    symptoms: [
      { pattern: 'invalid frontend message type \\d+', sqlState: '08P01' },
      { pattern: 'portal ".+" does not exist', sqlState: '34000' },
    ],
    behaviour: [
      {
        pooler: 'supavisor',
        versions: 'main at 03e5cc56, named_prepared_statements on',
        outcome: 'error',
        note: 'The rewriting module, run alone, declares more bytes than it sends; what PostgreSQL makes of it is inferred.',
        evidence: 'source',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `client.query(new Query({ name: 'page', text: 'select id from big', rows: 100, portal: 'p1' }))`,
        good: `client.query(new Cursor('select id from big'))`,
        note: 'Leave the statement unnamed when its portal has a name.',
      },
    ],
    evidence: ['supavisor at 03e5cc56'],
    detectedBy: ['wire', 'reply'],
  },
  A8: {
    title: 'Prepared-statement quota',
    severity: 'error',
    summary:
      'Poolers that track named statements bound them by number or size. Generated names, such as one per length of an IN list, run into the limit or make every backend prepare over and over.',
    symptoms: [
      { pattern: '\\(EMAXPREPARED\\)', sqlState: 'XX000' },
      { pattern: '\\(EMAXPREPAREDMEM\\)', sqlState: 'XX000' },
    ],
    behaviour: [
      {
        pooler: 'supavisor',
        versions: 'named_prepared_statements on',
        outcome: 'refused',
        note: '100 names and 1 MB per client connection, never evicted.',
        evidence: 'source',
      },
      {
        pooler: 'pgbouncer',
        versions: '1.24 and later',
        outcome: 'safe',
        note: 'Evicts the least recently used of 200 per backend; too many names only cost time.',
        evidence: 'documented',
      },
      { pooler: 'pgdog', outcome: 'wrong', note: 'Unlimited: the backend’s memory grows.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'sql',
        good: 'select id from users where id = any ($1)',
        note: 'Use unnamed statements, and one text with an array parameter instead of a text per list length.',
      },
    ],
    evidence: ['supavisor at 03e5cc56'],
    detectedBy: ['typescript', 'reply'],
  },
  A9: {
    title: 'Cached plan must not change result type',
    severity: 'error',
    summary:
      'A schema change alters the columns of a named statement that is still prepared on backends. Poolers share such statements, so another service’s migration breaks your queries, and aborts the transaction they are in.',
    symptoms: [{ pattern: 'cached plan must not change result type', sqlState: '0A000' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'error',
        note: 'Named statements only; the unnamed one is fine after the same change.',
        evidence: 'measured',
      },
      { pooler: 'supavisor', versions: '2.9.10 and main', outcome: 'error', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1', outcome: 'error', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'error', note: '0A000 or 26000.', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Use unnamed statements and list the columns instead of `select *`. Outside a transaction the failed query can be sent once more.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['typescript', 'reply'],
  },
  A10: {
    title: 'FunctionCall message and protocols other than 3.0',
    severity: 'error',
    summary:
      'Poolers are tested with protocol 3.0 and its common messages. The fast-path FunctionCall, protocol 2, protocol 3.2 and its extensions are refused or mishandled.',
    symptoms: [{ pattern: 'old V2 protocol not supported', sqlState: '08P01' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        outcome: 'refused',
        note: 'Refuses protocol 2; negotiates 3.2 from 1.23, refuses it before.',
        evidence: 'source',
      },
      { pooler: 'odyssey', outcome: 'refused', note: 'Refuses protocol 3.2.', evidence: 'source' },
      { pooler: 'supavisor', outcome: 'ignored', note: 'Reads the version and goes on.', evidence: 'source' },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Use protocol 3.0 and call functions in SQL. Large objects have `lo_get`, `lo_put` and `lo_from_bytea`, which need no fast path.',
      },
    ],
    evidence: ['supavisor at 03e5cc56', 'odyssey at 89c48ea2'],
    detectedBy: ['wire'],
  },
  A11: {
    title: 'Several statements in an extended query',
    severity: 'error',
    summary:
      'Text with several statements works as a simple query and fails as soon as values are bound or the extended protocol is asked for.',
    symptoms: [
      { pattern: 'cannot insert multiple commands into a prepared statement', sqlState: '42601' },
      { pattern: 'PQexec disallowed', sqlState: '08P01' },
    ],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'error',
        note: 'PostgreSQL itself refuses it: 42601.',
        evidence: 'documented',
      },
      {
        pooler: 'pgbouncer',
        versions: 'disable_pqexec=1',
        outcome: 'refused',
        note: 'Refuses every simple query.',
        evidence: 'source',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'update accounts set balance = 0 where id = $1; delete from carts where account = $1',
        good: 'with closed as (update accounts set balance = 0 where id = $1 returning id) delete from carts where account in (select id from closed)',
        note: 'Send one statement per query, in a transaction when they belong together.',
        context: { mode: 'autocommit', bound: true },
      },
    ],
    evidence: ['PostgreSQL documentation: extended query protocol'],
    detectedBy: ['sql-text', 'wire', 'reply'],
  },
}
