import type { HazardGroupText } from './entry.ts'

/** Connection set-up. */
export const groupF: HazardGroupText<'F'> = {
  F1: {
    title: 'Startup parameter refused',
    severity: 'error',
    summary:
      'Options such as statement_timeout travel in the startup message, where a pooler refuses what it does not know. No connection is ever made.',
    symptoms: [{ pattern: 'unsupported startup parameter(?: in options)?: ', sqlState: '08P01' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'refused',
        note: 'Any parameter outside its list and ignore_startup_parameters; 1.18 refuses `options` altogether.',
        evidence: 'measured',
      },
      {
        pooler: 'odyssey',
        versions: '1.5.1',
        outcome: 'leak',
        note: 'Applied, and kept for later clients unless discard is on.',
        evidence: 'measured',
      },
      { pooler: 'supavisor', versions: '2.9.10 and main', outcome: 'ignored', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'ignored', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `new Pool({ connectionString, statement_timeout: 5000 })`,
        good: `await db.transaction(work, { statementTimeoutMs: 5000 })`,
        note: 'Set timeouts with SET LOCAL per transaction, or on the role, and leave them out of options and URL.',
      },
    ],
    evidence: [
      'pgbouncer/pgbouncer#381',
      'pgbouncer/pgbouncer#525',
      'brianc/node-postgres#2103',
      'riverqueue/river#205',
      'slonik 47.3.2',
    ],
    detectedBy: ['config', 'typescript', 'reply'],
  },
  F2: {
    title: 'Startup parameter silently ignored',
    severity: 'leak',
    summary:
      'The pooler accepts the parameter and drops it. The program believes in a timeout, a search path or even a tenant that no backend knows of.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'ignored',
        note: 'Except search_path.',
        evidence: 'measured',
      },
      {
        pooler: 'pgbouncer',
        versions: '1.25.2 with the name in ignore_startup_parameters',
        outcome: 'ignored',
        evidence: 'measured',
      },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'ignored', evidence: 'measured' },
      { pooler: 'neon', outcome: 'ignored', evidence: 'reported' },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Set it per transaction with SET LOCAL, and compare SHOW with what was asked for when the program starts.',
      },
    ],
    evidence: ['neondatabase/neon#12856', 'porsager/postgres#559'],
    detectedBy: ['config', 'typescript', 'probe'],
  },
  F3: {
    title: 'search_path in the startup message',
    severity: 'error',
    summary:
      'A pooler refuses the parameter, ignores it, or opens a separate pool for each value, which multiplies backends up to a limit.',
    symptoms: [
      { pattern: 'unsupported startup parameter(?: in options)?: (?:search_path|options)', sqlState: '08P01' },
      { pattern: '\\(EMAXPOOLSREACHED\\)', sqlState: 'XX000' },
    ],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.18 and 1.25.2', outcome: 'refused', evidence: 'measured' },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'safe',
        note: 'Applied, with a pool of its own per value: backends multiply.',
        evidence: 'measured',
      },
      { pooler: 'odyssey', versions: '1.5.1, discard off', outcome: 'leak', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'ignored', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `set search_path = tenant_a`,
        good: 'select id from tenant_a.orders',
        note: 'Qualify names with their schema, or use SET LOCAL search_path inside the transaction.',
      },
    ],
    evidence: ['CVE-2025-12819'],
    detectedBy: ['config', 'typescript', 'reply'],
  },
  F4: {
    title: 'URL flag that means nothing to the driver',
    severity: 'wrong',
    summary:
      'Flags such as pgbouncer=true are understood by one driver and ignored by others, or passed on as startup parameters that the pooler refuses. The protection they promise is not there.',
    symptoms: [
      {
        pattern: 'unsupported startup parameter: (?:pgbouncer|prepare|prepared_statements|statement_cache_size)',
        sqlState: '08P01',
      },
    ],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'ignored',
        note: 'pg ignores them; so does the pg adapter of Prisma 7.',
        evidence: 'source',
      },
      {
        pooler: 'pgbouncer',
        outcome: 'refused',
        note: 'With postgres.js, which sends unknown URL parameters at startup.',
        evidence: 'source',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `const connectionString = 'postgresql://app@db.example:6543/app?pgbouncer=true'`,
        good: `const connectionString = 'postgresql://app@db.example:6543/app'`,
        note: 'Remove the flag unless your driver documents it, and use unnamed statements.',
      },
    ],
    evidence: ['@prisma/adapter-pg 7.10.1', 'postgres.js 3.4.9'],
    detectedBy: ['config', 'typescript'],
  },
  F5: {
    title: 'Session and transaction endpoints mixed up',
    severity: 'error',
    summary:
      'Both modes are often one port or one host-name suffix apart. Migrations and listeners then run in transaction mode, or the application exhausts a session-mode pool.',
    symptoms: [{ pattern: '\\(EMAXCONNSESSION\\)', sqlState: 'XX000' }],
    behaviour: [
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main, session mode',
        outcome: 'refused',
        note: 'Beyond pool_size clients: EMAXCONNSESSION. Hosted: 5432 is session mode, 6543 transaction mode.',
        evidence: 'measured',
      },
      { pooler: 'neon', outcome: 'wrong', note: 'The pooled host carries -pooler.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'ts',
        good: `createDatabase({ url: process.env.POOLED_URL, directUrl: process.env.DIRECT_URL })`,
        note: 'Configure two URLs, pooled and direct, and check at start which mode each one is in.',
      },
    ],
    evidence: ['supabase/supabase#22305'],
    detectedBy: ['config', 'typescript', 'probe'],
  },
  F6: {
    title: 'Hidden queries on connect',
    severity: 'perf',
    summary:
      'Some drivers look up types or send settings on every new connection. With short-lived clients this doubles the load, and cached type ids go stale.',
    symptoms: [],
    behaviour: [
      { pooler: 'any', outcome: 'wrong', note: 'Costs round trips; a matter of the client.', evidence: 'source' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `postgres(url)`,
        good: `postgres(url, { fetch_types: false })`,
        note: 'Turn type lookups off and name the parsers you need.',
      },
    ],
    evidence: ['postgres.js 3.4.9', 'sequelize 6.37'],
    detectedBy: ['typescript', 'config'],
  },
  F7: {
    title: 'Tenant missing from the login',
    severity: 'error',
    summary:
      'Shared poolers find the database by user name, SNI or an option. Without it, or on the wrong host, nobody is found, and the error looks like a wrong password.',
    symptoms: [
      { pattern: '\\(ENOTFOUND\\)', sqlState: 'XX000' },
      { pattern: '\\(ENOIDENTIFIER\\)' },
      { pattern: 'Tenant or user not found' },
      { pattern: 'Endpoint ID is not specified' },
    ],
    behaviour: [
      {
        pooler: 'supavisor',
        outcome: 'refused',
        note: 'Expects the tenant in the user name (postgres.ref) or SNI.',
        evidence: 'source',
      },
      { pooler: 'neon', outcome: 'refused', note: 'Expects SNI.', evidence: 'documented' },
    ],
    alternatives: [
      {
        language: 'ts',
        good: `const connectionString = 'postgresql://postgres.tenant@pooler.example:6543/postgres'`,
        note: 'Copy host and user name from the provider’s page for the pooled endpoint, and connect by name, not by IP address.',
      },
    ],
    evidence: ['supavisor at 03e5cc56'],
    detectedBy: ['config', 'reply'],
  },
  F8: {
    title: 'Stale server parameters',
    severity: 'wrong',
    summary:
      'The pooler tells each client what one backend once reported: version, standby state, defaults. After an upgrade or failover that is no longer true.',
    symptoms: [{ pattern: 'Parameter server_version changed' }],
    behaviour: [
      { pooler: 'supavisor', outcome: 'wrong', evidence: 'reported' },
      { pooler: 'any', outcome: 'wrong', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        good: 'select pg_is_in_recovery()',
        note: 'Ask the backend in SQL instead of trusting what it reported at connect.',
      },
    ],
    evidence: ['supabase/supavisor#663'],
    detectedBy: ['probe', 'reply'],
  },
  F9: {
    title: 'Encoding and date style that drift',
    severity: 'wrong',
    summary:
      'Drivers parse values on the assumption of UTF-8 and ISO dates. On a backend where a stranger changed DateStyle, TimeZone, IntervalStyle or bytea_output they read them wrongly.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        outcome: 'safe',
        note: 'Restores encoding, DateStyle, TimeZone and IntervalStyle per client; not bytea_output.',
        evidence: 'documented',
      },
      { pooler: 'supavisor', outcome: 'wrong', note: 'Restores none of them.', evidence: 'source' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `set datestyle = 'German'`,
        good: `select to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS') from orders`,
        note: 'Format values in the query or the application and leave these settings alone.',
      },
    ],
    evidence: ['supavisor at 03e5cc56'],
    detectedBy: ['probe', 'reply'],
  },
}
