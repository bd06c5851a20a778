import type { HazardGroupText } from './entry.ts'

/** Pipelining and framing. */
export const groupE: HazardGroupText<'E'> = {
  E1: {
    title: 'Several Syncs in flight',
    severity: 'leak',
    summary:
      'A client sends the next request before the previous one is answered. A pooler that gives the backend away at the first ReadyForQuery loses the rest: promises never settle, replies reach other clients, transactions stay open on shared backends.',
    symptoms: [
      { pattern: 'invalid frontend message type \\d+', sqlState: '08P01' },
      { pattern: 'incomplete message from client', sqlState: '08P01' },
      { pattern: 'there is already a transaction in progress', sqlState: '25001' },
      { pattern: 'CONNECTION_CLOSED' },
    ],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.18 and 1.25.2', outcome: 'safe', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1', outcome: 'safe', evidence: 'measured' },
      { pooler: 'supavisor', versions: '2.9.10', outcome: 'hang', note: '5 to 100 % by timing.', evidence: 'measured' },
      {
        pooler: 'supavisor',
        versions: 'main (after #1079)',
        outcome: 'hang',
        note: 'Mostly fixed; hangs when a TCP segment starts with Sync. #1176 came later and was not measured.',
        evidence: 'measured',
      },
      {
        pooler: 'pgagroal',
        versions: '1.6.0',
        outcome: 'wrong',
        note: 'Hangs in about 20 %; later clients get earlier clients’ replies.',
        evidence: 'measured',
      },
      { pooler: 'proxysql', outcome: 'wrong', note: 'Premature commit.', evidence: 'reported' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `const client = new Client({ pipeline: true })`,
        good: `const client = new Client()`,
        note: 'Keep one request in flight per client connection: turn pipelining off. Several statements under a single Sync are fine on most poolers.',
      },
    ],
    evidence: [
      'supabase/supavisor#1061',
      'supabase/supavisor#1079',
      'supabase/supavisor#1164',
      'supabase/supavisor#1172',
      'supabase/supavisor#1176',
      'supabase/supabase#50358',
      'supabase/supabase#50626',
      'porsager/postgres#970',
      'brianc/node-postgres#3736',
      'sysown/proxysql#5119',
    ],
    detectedBy: ['typescript', 'wire', 'reply', 'config'],
  },
  E2: {
    title: 'BEGIN sent on a client that is not reserved',
    severity: 'loss',
    summary:
      'At the limit of its pipeline postgres.js writes BEGIN without reserving the connection. The transaction stays open and queries of others run inside it.',
    symptoms: [{ pattern: 'UNSAFE_TRANSACTION' }],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'wrong',
        note: 'A matter of the driver: always with max_pipeline 0, now and then with 100.',
        evidence: 'reported',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `const sql = postgres(url, { max_pipeline: 0 })`,
        note: 'Reserve a connection before BEGIN is sent; pg with one client per transaction does.',
      },
    ],
    evidence: ['porsager/postgres#1210', 'porsager/postgres#1218'],
    detectedBy: ['typescript', 'reply'],
  },
  E3: {
    title: 'Message split over TCP segments',
    severity: 'hang',
    summary:
      'A pooler that looks at the first byte of each segment goes wrong when a request does not arrive in one piece, or when a segment starts with Sync.',
    symptoms: [{ pattern: 'invalid frontend message type \\d+', sqlState: '08P01' }],
    behaviour: [
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'hang',
        note: 'Only with a second request in flight; frames of a single request split over segments are fine.',
        evidence: 'measured',
      },
      { pooler: 'pgbouncer', versions: '1.18 and 1.25.2', outcome: 'safe', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1', outcome: 'safe', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Write each request as one buffer that starts with Parse or Query, and never start a write with Sync.',
      },
    ],
    evidence: ['supabase/supavisor#1172', 'supabase/supavisor#1176', 'supabase/supavisor#993'],
    detectedBy: ['wire'],
  },
  E4: {
    title: 'Errors that skip to the next Sync',
    severity: 'hang',
    summary:
      'After an error in the extended protocol PostgreSQL skips every message up to the next Sync. A client or pooler that counts answers otherwise waits for one that never comes, or takes one too many.',
    symptoms: [],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.25.2', outcome: 'safe', evidence: 'source' },
      {
        pooler: 'odyssey',
        versions: '1.5.1 with pool_reserve_prepared_statement on',
        outcome: 'error',
        note: 'A batch that fails in the middle reports its error, then the client connection is closed and server slots get lost.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'ts',
        note: 'Count on exactly one ReadyForQuery per Sync, and send nothing else before it has come.',
      },
    ],
    evidence: ['PostgreSQL documentation: extended query protocol'],
    detectedBy: ['wire', 'reply'],
  },
}
