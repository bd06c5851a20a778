import type { HazardGroupText } from './entry.ts'

/** Observability and probes. */
export const groupL: HazardGroupText<'L'> = {
  L1: {
    title: 'Pooler that nobody knows about',
    severity: 'wrong',
    summary:
      'Port numbers and host names are hints at best, and a program that trusts them runs session-dependent code behind a pooler. Probing with session state leaves that state to strangers.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'safe',
        note: 'The process id reported at connect differs from pg_backend_pid(), and a pinned backend makes the other client move.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `await client.query("set application_name = 'probe'")`,
        good: `const { processID } = client; const { rows } = await client.query('select pg_backend_pid() as pid')`,
        note: 'Compare the process id from connect with pg_backend_pid(), then hold a transaction on one client and see whether another one changes backend. Never probe with SET, LISTEN or advisory locks.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['probe'],
  },
  L2: {
    title: 'Queries that cannot be attributed',
    severity: 'wrong',
    summary:
      'Through a pooler application_name may name the pooler, or another client. Who runs what cannot be read from pg_stat_activity.',
    symptoms: [],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.25.2', outcome: 'safe', note: 'Follows the client.', evidence: 'measured' },
      {
        pooler: 'pgbouncer',
        versions: '1.18',
        outcome: 'leak',
        note: 'Leaks to clients that set none.',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'ignored',
        note: 'Always "Supavisor".',
        evidence: 'measured',
      },
      {
        pooler: 'odyssey',
        versions: '1.5.1, discard off',
        outcome: 'leak',
        note: 'Follows the client, and leaks.',
        evidence: 'measured',
      },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'ignored', note: 'Always "pgagroal".', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `set application_name = 'billing'`,
        good: `begin; set local application_name = 'billing'; select id from invoices; commit`,
        note: 'Use SET LOCAL application_name inside the transaction, or a comment in the SQL.',
      },
    ],
    evidence: ['PgBouncer 1.18 and 1.25.2', 'supavisor 2.9.10'],
    detectedBy: ['probe'],
  },
  L3: {
    title: 'Backends that nobody inspects',
    severity: 'wrong',
    summary:
      'What clients leave on backends shows nowhere until it hurts. One query over roles, settings, locks, listens, temporary objects, cursors and prepared statements finds most of it; custom settings have to be asked for by name.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'leak',
        note: 'The audit saw seven kinds of leftovers of another client; DISCARD ALL removed them.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        good: `select count(*) from pg_locks where locktype = 'advisory'`,
        note: 'Audit every backend at the end of a test run, and sample in production.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['probe'],
  },
}
