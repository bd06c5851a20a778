import type { HazardGroupText } from './entry.ts'

/** Session objects and locks. */
export const groupC: HazardGroupText<'C'> = {
  C1: {
    title: 'LISTEN through the pooler',
    severity: 'leak',
    summary:
      'The subscription belongs to a backend that the client no longer has. Notifications are dropped or delivered to whoever holds the backend, the listener gets none, and the subscription outlives it. NOTIFY itself is fine.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'leak',
        note: 'The listener receives nothing; a client that holds the backend receives its notifications.',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'ignored',
        note: 'Never delivered in the measurements; the backend goes on listening.',
        evidence: 'measured',
      },
      {
        pooler: 'odyssey',
        versions: '1.5.1, discard off',
        outcome: 'leak',
        note: 'The listener may get it with its next query, or another client does.',
        evidence: 'measured',
      },
      { pooler: 'odyssey', versions: '1.5.1, code defaults', outcome: 'ignored', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'ignored', evidence: 'measured' },
      {
        pooler: 'pgdog',
        versions: 'pub_sub_channel_size set',
        outcome: 'safe',
        note: 'Intercepted; delivery is at most once.',
        evidence: 'documented',
      },
      { pooler: 'rds-proxy', outcome: 'safe', note: 'Pins the backend.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'listen jobs',
        good: `select pg_notify('jobs', '')`,
        note: 'Listen on a direct or session-mode connection, and poll as well, since a notification can be missed. Sending through the pooler is fine.',
      },
    ],
    evidence: [
      'supabase/supavisor#85',
      'supabase/supavisor#332',
      'pgbouncer/pgbouncer#655',
      'brianc/node-postgres#1543',
      'graphile/crystal#1558',
    ],
    detectedBy: ['sql-text', 'typescript', 'reply', 'probe'],
  },
  C2: {
    title: 'Session-level advisory lock',
    severity: 'loss',
    summary:
      'The lock belongs to the backend. Another client on the same backend takes it again, so nothing is excluded; an unlock on another backend returns false; and the lock stays after its owner has left, blocking everybody else.',
    symptoms: [{ pattern: "you don't own a lock of type (Exclusive|Share)Lock", sqlState: '01000' }],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.18 and 1.25.2', outcome: 'wrong', evidence: 'measured' },
      { pooler: 'supavisor', versions: '2.9.10 and main', outcome: 'wrong', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1, discard off', outcome: 'wrong', evidence: 'measured' },
      {
        pooler: 'odyssey',
        versions: '1.5.1, code defaults',
        outcome: 'wrong',
        note: 'Released after each statement.',
        evidence: 'measured',
      },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'wrong', evidence: 'measured' },
      {
        pooler: 'pgdog',
        outcome: 'wrong',
        note: 'Pinned only with query_parser=session_control_and_locks.',
        evidence: 'documented',
      },
      { pooler: 'rds-proxy', outcome: 'safe', note: 'Pins the backend.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'select pg_advisory_lock(42)',
        good: 'begin; select pg_advisory_xact_lock(42); update counters set n = n + 1; commit',
        note: 'Use pg_advisory_xact_lock or pg_try_advisory_xact_lock inside a transaction. For longer work keep a lease in a row, with a fencing token; run migrations on a direct connection.',
      },
    ],
    evidence: [
      'goauthentik/authentik#23876',
      'prisma/orm#12999',
      'prisma/orm#8038',
      'prisma/orm#27636',
      'kysely-org/kysely#1894',
      'pgbouncer/pgbouncer#617',
    ],
    detectedBy: ['sql-text', 'typescript', 'reply', 'probe'],
  },
  C3: {
    title: 'Temporary table, view or sequence',
    severity: 'leak',
    summary:
      'A temporary object stays on the backend and hides the real one of the same name. Strangers read your rows, and their inserts vanish into your table; you yourself may not find it again.',
    symptoms: [
      { pattern: 'relation ".+" already exists', sqlState: '42P07' },
      { pattern: 'relation ".+" does not exist', sqlState: '42P01' },
    ],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.18 and 1.25.2', outcome: 'leak', evidence: 'measured' },
      { pooler: 'supavisor', versions: '2.9.10 and main', outcome: 'leak', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1, discard off', outcome: 'leak', evidence: 'measured' },
      {
        pooler: 'odyssey',
        versions: '1.5.1, code defaults',
        outcome: 'error',
        note: 'The table is gone at once.',
        evidence: 'measured',
      },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'leak', evidence: 'measured' },
      { pooler: 'rds-proxy', outcome: 'safe', note: 'Pins the backend.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'create temp table picked (id int)',
        good: 'begin; create temp table picked (id int) on commit drop; insert into picked values (1); commit',
        note: 'Add ON COMMIT DROP and create it inside the transaction that uses it, or do without: a CTE, or unnest() over an array parameter.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['sql-text', 'probe'],
  },
  C4: {
    title: 'Cursor WITH HOLD',
    severity: 'leak',
    summary:
      'A held cursor survives its transaction on one backend. Later fetches miss it, or read a stranger’s cursor of the same name, and its rows occupy the backend until somebody closes it.',
    symptoms: [
      { pattern: 'cursor ".+" does not exist', sqlState: '34000' },
      { pattern: 'cursor ".+" already exists', sqlState: '42P03' },
    ],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.18 and 1.25.2', outcome: 'leak', evidence: 'measured' },
      { pooler: 'supavisor', versions: '2.9.10 and main', outcome: 'leak', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1, discard off', outcome: 'leak', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1, code defaults', outcome: 'error', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'leak', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'declare page cursor with hold for select id from orders',
        good: 'begin; declare page cursor for select id from orders; fetch 100 from page; commit',
        note: 'Declare the cursor without HOLD inside the transaction that fetches from it, or page by key.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['sql-text', 'reply', 'probe'],
  },
  C5: {
    title: 'Cursor outside a transaction',
    severity: 'error',
    summary: 'DECLARE needs a transaction, and FETCH, MOVE and CLOSE need the one that declared the cursor.',
    symptoms: [
      { pattern: 'DECLARE CURSOR can only be used in transaction blocks', sqlState: '25P01' },
      { pattern: 'cursor ".+" does not exist', sqlState: '34000' },
    ],
    behaviour: [{ pooler: 'any', outcome: 'error', note: 'PostgreSQL itself.', evidence: 'measured' }],
    alternatives: [
      {
        language: 'sql',
        bad: 'declare page cursor for select id from orders',
        good: 'begin; declare page cursor for select id from orders; fetch 100 from page; commit',
        note: 'Declare, fetch and close the cursor inside one transaction.',
      },
    ],
    evidence: ['PostgreSQL 15.20'],
    detectedBy: ['sql-text', 'typescript', 'reply'],
  },
  C6: {
    title: 'Open portal that pins a backend',
    severity: 'hang',
    summary:
      'A streaming query sends no Sync until its last row, so one backend of few belongs to it for as long as its reader is slow. Others wait, and time out.',
    symptoms: [
      { pattern: 'query_wait_timeout', sqlState: '08P01' },
      { pattern: '\\(ECHECKOUTTIMEOUT\\)', sqlState: 'XX000' },
      { pattern: 'portal ".+" does not exist', sqlState: '34000' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'hang',
        note: 'With one backend another client ended in query_wait_timeout.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'hang', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `const stream = client.query(new QueryStream('select id from orders'))`,
        good: `const page = await db.query('select id from orders where id > $1 order by id limit 500', [last])`,
        note: 'Read page by page, by key, with a limit. If it has to be a cursor, bound its time and close it in a finally block.',
      },
    ],
    evidence: ['brianc/node-postgres#3737', 'PgBouncer 1.25.2'],
    detectedBy: ['typescript', 'wire', 'reply'],
  },
  C7: {
    title: 'currval() and lastval()',
    severity: 'loss',
    summary:
      'Both answer for the backend’s session. On a shared backend that is the value another client drew, and rows get linked to a stranger’s row; on a fresh one it is an error.',
    symptoms: [
      { pattern: 'currval of sequence ".+" is not yet defined in this session', sqlState: '55000' },
      { pattern: 'lastval is not yet defined in this session', sqlState: '55000' },
    ],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.25.2', outcome: 'wrong', evidence: 'measured' },
      { pooler: 'any', outcome: 'wrong', note: 'Wherever backends are shared.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `select currval('orders_id_seq')`,
        good: 'insert into orders (customer) values ($1) returning id',
        note: 'Use RETURNING in the statement that inserts the row.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['sql-text', 'reply'],
  },
  C8: {
    title: 'LOAD and state in the backend’s memory',
    severity: 'leak',
    summary:
      'Loaded libraries, setseed(), and the shared variables of procedural languages live in the backend’s process. Strangers share them; DISCARD ALL does not clear all of them.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'leak',
        note: 'After setseed() another client’s random() was predictable.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'leak', note: 'Wherever backends are shared.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `load 'auto_explain'`,
        note: 'Have libraries loaded for every backend (session_preload_libraries on the role), and keep state in tables.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['sql-text'],
  },
  C9: {
    title: 'dblink and postgres_fdw sessions',
    severity: 'leak',
    summary:
      'A named dblink connection and the cached connections of postgres_fdw belong to the backend. The next client can use them, with your credentials, or collides with their names.',
    symptoms: [
      { pattern: 'duplicate connection name', sqlState: '42710' },
      { pattern: 'connection ".+" not available', sqlState: '08003' },
    ],
    behaviour: [{ pooler: 'any', outcome: 'leak', evidence: 'inferred' }],
    alternatives: [
      {
        language: 'sql',
        bad: `select dblink_connect('other', 'dbname=other')`,
        good: `select id from dblink('dbname=other', 'select id from orders') as t (id int)`,
        note: 'Use the form of dblink() that opens and closes its own connection, or connect to the other database from the application.',
      },
    ],
    evidence: ['PostgreSQL documentation: dblink'],
    detectedBy: ['sql-text'],
  },
  C10: {
    title: 'Temporary replication slot',
    severity: 'error',
    summary:
      'A temporary slot ends with the backend it was made on, which is not yours. It vanishes early or holds back WAL after you have left.',
    symptoms: [
      { pattern: 'replication slot ".+" does not exist', sqlState: '42704' },
      { pattern: 'replication slot ".+" is active for PID \\d+', sqlState: '55006' },
    ],
    behaviour: [
      { pooler: 'multigres', outcome: 'safe', note: 'Pins the backend.', evidence: 'documented' },
      { pooler: 'any', outcome: 'error', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `select pg_create_logical_replication_slot('feed', 'pgoutput', true)`,
        good: `select pg_create_logical_replication_slot('feed', 'pgoutput', false)`,
        note: 'Use a direct connection for temporary slots, or create a permanent one and drop it yourself.',
      },
    ],
    evidence: ['PostgreSQL documentation: replication management functions'],
    detectedBy: ['sql-text'],
  },
  C11: {
    title: 'Exported snapshot',
    severity: 'error',
    summary:
      'A snapshot can be imported only while the exporting transaction is open, which pins a backend for all that time. In autocommit it is gone before anybody can use it.',
    symptoms: [
      { pattern: 'invalid snapshot identifier', sqlState: '22023' },
      { pattern: 'snapshot ".+" does not exist', sqlState: '42704' },
    ],
    behaviour: [{ pooler: 'any', outcome: 'error', evidence: 'inferred' }],
    alternatives: [
      {
        language: 'sql',
        bad: 'select pg_export_snapshot()',
        good: 'begin isolation level repeatable read; select pg_export_snapshot(); select count(*) from orders; commit',
        note: 'Keep the exporting transaction open until every importer has started, and do it on direct connections (pg_dump --jobs, too).',
      },
    ],
    evidence: ['PostgreSQL documentation: snapshot synchronization functions'],
    detectedBy: ['sql-text', 'reply'],
  },
  C12: {
    title: 'Large-object descriptor',
    severity: 'error',
    summary: 'The number that lo_open returns is valid until the transaction ends. In autocommit that is at once.',
    symptoms: [{ pattern: 'invalid large-object descriptor', sqlState: '42704' }],
    behaviour: [{ pooler: 'any', outcome: 'error', note: 'PostgreSQL itself.', evidence: 'documented' }],
    alternatives: [
      {
        language: 'sql',
        bad: 'select lo_open($1, 262144)',
        good: 'select lo_get($1, 0, 8192)',
        note: 'Use lo_get and lo_put, which need no descriptor, or do it all in one transaction.',
      },
    ],
    evidence: ['PostgreSQL documentation: large objects'],
    detectedBy: ['sql-text', 'reply'],
  },
  C13: {
    title: 'Backend identity taken for one’s own',
    severity: 'wrong',
    summary:
      'The process id that a client got at connect is the pooler’s invention, and the one it read a moment ago may serve a stranger by now. Cancelling or terminating by it misses, or hits somebody else.',
    symptoms: [{ pattern: 'PID \\d+ is not a PostgreSQL (backend|server) process', sqlState: '01000' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'wrong',
        note: 'pg_cancel_backend(client.processID) returned false; terminating a pid read before killed a stranger’s backend.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'wrong', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'select pg_cancel_backend($1)',
        good: `begin; set local statement_timeout = '5s'; select count(*) from orders; commit`,
        note: 'Bound the time of a statement with a local statement_timeout instead of cancelling it by process id, and record liveness as a heartbeat in a row.',
      },
      { language: 'ts', bad: 'client.processID', note: 'Do not compare `client.processID` with pg_stat_activity.' },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['sql-text', 'typescript'],
  },
}
