import type { HazardGroupText } from './entry.ts'

/** Client-side pools. */
export const groupG: HazardGroupText<'G'> = {
  G1: {
    title: 'Pool without an error handler',
    severity: 'error',
    summary:
      'A pooler restart closes idle clients, each of which emits an error event. Without a handler Node ends the process.',
    symptoms: [{ pattern: 'Connection terminated unexpectedly' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'error',
        note: 'Killing it ended the process with exit code 1.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'error', note: 'A matter of the client.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `const pool = new Pool({ connectionString })`,
        good: `const pool = new Pool({ connectionString }); pool.on('error', (error) => { logger.warn({ error }) })`,
        note: "Add `pool.on('error', …)` right after the pool is made, and a handler to clients you keep.",
      },
    ],
    evidence: ['pg 8.23.1'],
    detectedBy: ['typescript', 'runtime'],
  },
  G2: {
    title: 'Idle timeouts in the wrong order',
    severity: 'error',
    summary:
      'When the pooler or a load balancer closes idle sockets earlier than the client does, the first query after a pause fails.',
    symptoms: [
      { pattern: 'Connection terminated unexpectedly' },
      { pattern: 'ECONNRESET' },
      { pattern: 'client_idle_timeout', sqlState: '08P01' },
      { pattern: 'disconnecting idle client', sqlState: '57P05' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: 'client_idle_timeout set',
        outcome: 'error',
        note: 'FATAL 08P01.',
        evidence: 'documented',
      },
      {
        pooler: 'supavisor',
        versions: 'client_idle_timeout set',
        outcome: 'error',
        note: 'Closes silently.',
        evidence: 'source',
      },
      { pooler: 'pgdog', outcome: 'error', note: '57P05.', evidence: 'source' },
      { pooler: 'prisma-postgres', outcome: 'error', note: 'After 60 minutes.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'ts',
        good: `new Pool({ connectionString, idleTimeoutMillis: 30_000, keepAlive: true, maxLifetimeSeconds: 1800 })`,
        note: 'Make the client’s idle timeout the shortest, and turn keepAlive on.',
      },
    ],
    evidence: ['brianc/node-postgres#2112', 'pg-pool 3.14'],
    detectedBy: ['config', 'reply'],
  },
  G3: {
    title: 'Frozen serverless instances',
    severity: 'error',
    summary:
      'A frozen process runs no timers and loses its sockets. Its first query after the thaw fails, and its idle connections count against the pooler’s limit.',
    symptoms: [{ pattern: 'Connection terminated unexpectedly' }, { pattern: '\\(EMAXCONN\\)', sqlState: 'XX000' }],
    behaviour: [{ pooler: 'any', outcome: 'error', note: 'A matter of the platform.', evidence: 'reported' }],
    alternatives: [
      {
        language: 'ts',
        good: `new Pool({ connectionString, max: 2, idleTimeoutMillis: 5_000 })`,
        note: 'Keep pools small and idle times short, and replace clients after a gap in wall-clock time. On platforms that forbid sockets across requests, open one client per request.',
      },
    ],
    evidence: ['brianc/node-postgres#2718', 'supabase/supabase#48889', 'boardsesh#4861'],
    detectedBy: ['runtime', 'reply'],
  },
  G4: {
    title: 'Client-side pools larger than the pooler allows',
    severity: 'hang',
    summary:
      'Instances times pool size exceeds the pooler’s client limit, and connects are refused. A pool that is merely too large moves the queue into the pooler, where waiting has a deadline.',
    symptoms: [
      { pattern: 'no more connections allowed(?: \\(max_client_conn\\))?', sqlState: '08P01' },
      { pattern: '\\(EMAXCONN\\)', sqlState: 'XX000' },
      { pattern: 'too many .*(?:clients|connections)', sqlState: '53300' },
      { pattern: 'connection pool is full', sqlState: '53300' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'refused',
        note: '08P01 (max_client_conn).',
        evidence: 'measured',
      },
      { pooler: 'supavisor', outcome: 'refused', note: 'XX000 (EMAXCONN).', evidence: 'source' },
      {
        pooler: 'odyssey',
        versions: '1.5.1',
        outcome: 'refused',
        note: '53300 after pool_timeout; for ever with its default 0.',
        evidence: 'measured',
      },
      {
        pooler: 'pgagroal',
        versions: '1.6.0',
        outcome: 'refused',
        note: '53300 after blocking_timeout.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `new Pool({ connectionString, max: 100 })`,
        good: `new Pool({ connectionString, max: 5 })`,
        note: 'Size `max` so that all instances together stay below the pooler’s client limit, with room for deployments.',
      },
    ],
    evidence: ['supabase/supabase#49927', 'boardsesh#4861'],
    detectedBy: ['config', 'reply'],
  },
  G5: {
    title: 'Waiting for a backend without a deadline of one’s own',
    severity: 'hang',
    summary:
      'In transaction mode the first statement waits for a backend, up to two minutes, and then the pooler ends the connection. A client without a shorter deadline hangs for that long.',
    symptoms: [
      { pattern: 'query_wait_timeout', sqlState: '08P01' },
      { pattern: '\\(ECHECKOUTTIMEOUT\\)', sqlState: 'XX000' },
      { pattern: 'timeout exceeded when trying to connect' },
      { pattern: 'could not get connection from the pool', sqlState: '58000' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'error',
        note: 'FATAL after query_wait_timeout (120 s).',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'error',
        note: 'FATAL XX000 (ECHECKOUTTIMEOUT) after pool_checkout_timeout.',
        evidence: 'measured',
      },
      {
        pooler: 'odyssey',
        versions: '1.5.1',
        outcome: 'hang',
        note: 'For ever with pool_timeout 0, its code default.',
        evidence: 'measured',
      },
      {
        pooler: 'pgdog',
        outcome: 'error',
        note: 'After 5 s; then the database is banned for a while.',
        evidence: 'source',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        good: `new Pool({ connectionString, connectionTimeoutMillis: 10_000 })`,
        note: 'Give every checkout and first statement a deadline below the pooler’s.',
      },
    ],
    evidence: ['PgBouncer 1.25.2', 'supavisor 2.9.10'],
    detectedBy: ['config', 'reply', 'runtime'],
  },
  G6: {
    title: 'Timeout that only the client knows of',
    severity: 'loss',
    summary:
      'query_timeout rejects the promise while the server goes on. The backend stays busy, the next query on that client waits behind it, and a write may still commit after it was reported as failed.',
    symptoms: [{ pattern: 'Query read timeout' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'hang',
        note: 'The statement stayed active and the next client waited for it.',
        evidence: 'measured',
      },
      {
        pooler: 'odyssey',
        versions: '1.5.1',
        outcome: 'safe',
        note: 'Cancels the query when its client goes away.',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'hang',
        note: 'Runs to its end even when the client goes away.',
        evidence: 'measured',
      },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'hang', note: 'As Supavisor.', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `new Pool({ connectionString, query_timeout: 5000 })`,
        good: `await db.transaction(work, { statementTimeoutMs: 5000 })`,
        note: 'Set statement_timeout locally in the transaction, so that the server gives up first.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['config', 'typescript', 'runtime'],
  },
  G7: {
    title: 'Client that is never released',
    severity: 'hang',
    summary:
      'A client that is not released is lost to the pool. Outside transactions it holds no backend, so behind a pooler the leak shows late: when the pool is empty.',
    symptoms: [{ pattern: 'timeout exceeded when trying to connect' }],
    behaviour: [{ pooler: 'any', outcome: 'hang', note: 'A matter of the client.', evidence: 'inferred' }],
    alternatives: [
      {
        language: 'ts',
        bad: `const client = await pool.connect(); await client.query(text); client.release()`,
        good: `const client = await pool.connect(); try { await client.query(text) } finally { client.release() }`,
        note: 'Release in a finally block, exactly once, or use a callback that does it for you.',
      },
    ],
    evidence: ['pg-pool 3.14'],
    detectedBy: ['typescript', 'runtime'],
  },
  G8: {
    title: 'Session set-up in a connect hook',
    severity: 'leak',
    summary:
      'The hook runs once per client, on whatever backend serves it at that moment. Later queries of the client run elsewhere, and strangers inherit the settings.',
    symptoms: [],
    behaviour: [{ pooler: 'any', outcome: 'leak', note: 'As a session SET.', evidence: 'inferred' }],
    alternatives: [
      {
        language: 'ts',
        bad: `pool.on('connect', (client) => client.query("set statement_timeout = '5s'"))`,
        good: `await db.transaction(work, { statementTimeoutMs: 5000 })`,
        note: 'Set it per transaction with SET LOCAL, or for everybody on the role.',
      },
    ],
    evidence: ['sequelize 6.37', 'knex 3.3'],
    detectedBy: ['typescript', 'config', 'wire'],
  },
  G9: {
    title: 'Clients replaced too often',
    severity: 'perf',
    summary:
      'Each new client costs a TLS and SCRAM handshake at the pooler. Very short lifetimes run into its rate limits and circuit breakers.',
    symptoms: [
      { pattern: '\\(ECIRCUITBREAKER\\)', sqlState: 'XX000' },
      { pattern: '\\(EAUTHQUERY\\)', sqlState: 'XX000' },
    ],
    behaviour: [{ pooler: 'supavisor', outcome: 'refused', evidence: 'source' }],
    alternatives: [
      {
        language: 'ts',
        bad: `new Pool({ connectionString, maxUses: 1 })`,
        good: `new Pool({ connectionString, maxLifetimeSeconds: 1800 })`,
        note: 'Let clients live for minutes at least.',
      },
    ],
    evidence: ['supavisor at 03e5cc56'],
    detectedBy: ['config'],
  },
  G10: {
    title: 'Shutdown that cuts transactions off',
    severity: 'error',
    summary:
      'allowExitOnIdle may end the process with work under way, and exiting without closing the pool cuts sockets in mid query, which costs the pooler its backends.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'error',
        note: 'Closes the backend of a client that vanishes in a transaction; its running query goes on to its end.',
        evidence: 'measured',
      },
      {
        pooler: 'odyssey',
        versions: '1.5.1',
        outcome: 'safe',
        note: 'Rolls back and keeps the backend.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        good: `process.once('SIGTERM', () => { void db.close() })`,
        note: 'On SIGTERM stop taking work, wait for what is running, then close the pool.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['typescript', 'config'],
  },
}
