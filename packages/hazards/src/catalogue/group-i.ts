import type { HazardGroupText } from './entry.ts'

/** Security. */
export const groupI: HazardGroupText<'I'> = {
  I1: {
    title: 'Tenant context that leaks',
    severity: 'leak',
    summary:
      'Row-level security keyed on a session setting or role checks whatever the backend’s last user left there. Behind a transaction-mode pooler that is another tenant.',
    symptoms: [{ pattern: 'new row violates row-level security policy', sqlState: '42501' }],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'leak',
        note: 'Wherever a session SET or SET ROLE leaks; see those hazards for the poolers measured.',
        evidence: 'inferred',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `select set_config('app.tenant', $1, false)`,
        good: `begin; select set_config('app.tenant', '42', true); select id from orders; commit`,
        note: 'Use one transaction per unit of work whose first statement sets role and tenant with set_config(…, true) and bound values. Force row-level security, log in as a role that owns nothing, and wrap reads in nullif.',
      },
    ],
    evidence: ['drizzle-team/drizzle-orm#594', 'drizzle-team/drizzle-orm#4313', 'prisma/orm#5128'],
    detectedBy: ['probe', 'runtime'],
  },
  I2: {
    title: 'Claims or roles spliced into SQL',
    severity: 'leak',
    summary:
      'SET takes no parameters, so token claims and role names get spliced into its text. A crafted claim then runs SQL, with the login role’s rights.',
    symptoms: [{ pattern: 'syntax error at or near', sqlState: '42601' }],
    behaviour: [{ pooler: 'any', outcome: 'leak', note: 'A matter of the program.', evidence: 'reported' }],
    alternatives: [
      {
        language: 'ts',
        bad: 'tx.query(`set local role ${claims.role}`)',
        good: `tx.query("select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)", [role, claims])`,
        note: 'Bind the values with set_config(name, $1, true), and allow only known roles.',
      },
    ],
    evidence: ['drizzle-team/drizzle-orm#594'],
    detectedBy: ['typescript'],
  },
  I3: {
    title: 'search_path that a stranger chose',
    severity: 'leak',
    summary:
      'A leaked search_path or temporary object stands in front of the real tables and functions. Unqualified names then mean what somebody else wants them to.',
    symptoms: [{ pattern: '(?:relation|function) .+ does not exist', sqlState: '42P01' }],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'leak',
        note: 'Another client’s rows were read through the leaked path. Before 1.25.1 CVE-2025-12819 as well, with search_path tracked and auth_query.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'leak', note: 'Wherever a session SET leaks.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'set search_path = shared, public',
        good: 'select id from shared.orders',
        note: 'Qualify names with their schema, give SECURITY DEFINER functions their own search_path, and revoke TEMP and CREATE where nobody needs them.',
      },
    ],
    evidence: ['CVE-2025-12819'],
    detectedBy: ['probe', 'reply'],
  },
  I4: {
    title: 'Pooler with known vulnerabilities',
    severity: 'leak',
    summary: 'Poolers authenticate clients and hold credentials. Old versions have published vulnerabilities.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: 'before 1.25.2',
        outcome: 'leak',
        note: 'CVE-2026-6664 to 6667; before 1.25.1 CVE-2025-12819; before 1.24.1 CVE-2025-2291; and CVE-2021-3935.',
        evidence: 'documented',
      },
      { pooler: 'odyssey', outcome: 'leak', note: 'CVE-2021-43766 and CVE-2021-43767.', evidence: 'documented' },
      {
        pooler: 'pgpool',
        outcome: 'leak',
        note: 'CVE-2024-45624: the query cache shows other users’ rows.',
        evidence: 'documented',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Update the pooler, and ask it for its version where it tells (SHOW VERSION in PgBouncer).',
      },
    ],
    evidence: [
      'CVE-2026-6664',
      'CVE-2026-6665',
      'CVE-2026-6666',
      'CVE-2026-6667',
      'CVE-2025-12819',
      'CVE-2025-2291',
      'CVE-2021-3935',
      'CVE-2021-43766',
      'CVE-2021-43767',
      'CVE-2024-45624',
    ],
    detectedBy: ['probe'],
  },
  I5: {
    title: 'TLS that does not verify',
    severity: 'leak',
    summary:
      'A pooler with a private CA tempts people to turn verification off, and anybody on the way can then read and change everything. The second leg, from pooler to database, may be unverified too.',
    symptoms: [
      { pattern: 'self[- ]signed certificate' },
      { pattern: 'unable to verify the first certificate' },
      { pattern: 'unable to get local issuer certificate' },
    ],
    behaviour: [
      {
        pooler: 'supavisor',
        outcome: 'leak',
        note: 'Does not verify the database’s certificate unless configured, nor its host name.',
        evidence: 'source',
      },
      { pooler: 'any', outcome: 'leak', note: 'A matter of the client’s options.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `new Pool({ host, ssl: { rejectUnauthorized: false } })`,
        good: `new Pool({ host, ssl: { ca: readFileSync('provider-ca.pem', 'utf8') } })`,
        note: 'Give the driver the provider’s CA certificate instead of turning verification off. An sslmode in the URL replaces the ssl object of pg, so leave it out of the URL.',
      },
    ],
    evidence: ['supavisor at 03e5cc56'],
    detectedBy: ['config', 'typescript'],
  },
  I6: {
    title: 'Channel binding asked for in vain',
    severity: 'leak',
    summary:
      'Channel binding cannot pass a pooler that ends TLS. Drivers that do not know the URL parameter ignore it, so what was meant as a requirement protects nothing.',
    symptoms: [{ pattern: 'SASL authentication failed', sqlState: '08P01' }],
    behaviour: [
      {
        pooler: 'neon',
        outcome: 'ignored',
        note: 'channel_binding=require in the URL is ignored by pg.',
        evidence: 'source',
      },
      { pooler: 'supavisor', outcome: 'refused', note: 'Its auth_query rejects MD5 secrets.', evidence: 'source' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `new Pool({ connectionString: 'postgresql://app@db.example/app?channel_binding=require' })`,
        good: `new Pool({ connectionString, enableChannelBinding: true })`,
        note: 'Rely on verified TLS towards the pooler, and set enableChannelBinding in pg where the server ends TLS itself.',
      },
    ],
    evidence: ['pg 8.23.1'],
    detectedBy: ['config'],
  },
  I7: {
    title: 'Cancel key in clear text',
    severity: 'leak',
    summary:
      'pg sends cancel requests without TLS even when the connection uses it. Whoever reads the key can cancel queries of that client connection; endpoints that demand TLS refuse the request.',
    symptoms: [],
    behaviour: [{ pooler: 'any', outcome: 'leak', note: 'A matter of the driver.', evidence: 'source' }],
    alternatives: [
      {
        language: 'ts',
        bad: 'client.cancel(other, query)',
        note: 'Bound statements with a local statement_timeout instead of sending cancel requests over an open network.',
      },
    ],
    evidence: ['pg 8.23.1'],
    detectedBy: ['typescript'],
  },
  I8: {
    title: 'One login for every tenant',
    severity: 'leak',
    summary:
      'Poolers share backends among clients of the same user and database. With one login everything that leaks can reach every tenant.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        outcome: 'leak',
        note: 'One pool per user and database: separate users do not share backends.',
        evidence: 'documented',
      },
    ],
    alternatives: [
      { language: 'ts', note: 'Log in with a different user per level of trust, so that they do not share backends.' },
    ],
    evidence: ['PgBouncer documentation: config'],
    detectedBy: ['probe'],
  },
  I9: {
    title: 'Pooler errors that tell too much',
    severity: 'leak',
    summary:
      'Errors of the pooler name tenants, users and hosts, and cached login errors show one client what another one met. Passed on to users they are a leak.',
    symptoms: [
      { pattern: 'tenant/user .+ not found', sqlState: 'XX000' },
      { pattern: 'server login has been failing, cached error', sqlState: '08P01' },
    ],
    behaviour: [
      { pooler: 'supavisor', outcome: 'leak', evidence: 'source' },
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'leak',
        note: 'Cached login errors reach other clients.',
        evidence: 'measured',
      },
    ],
    alternatives: [{ language: 'ts', note: 'Log database errors, and answer users with a message of your own.' }],
    evidence: ['supavisor at 03e5cc56'],
    detectedBy: ['reply'],
  },
}
