import { auditThroughPooler, findPgBouncer, startPgBouncer, startPooler, type ProfileName } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import type { DoctorReport } from '../../src/doctor/diagnosis.ts'
import { runProgram } from '../support/run-program.ts'

const database = useTestDatabase()

async function examine(url: string, ...argv: string[]): Promise<DoctorReport> {
  const { out, err } = await runProgram(['doctor', url, '--json', ...argv])
  if (out === '') throw new Error(err)
  return JSON.parse(out) as DoctorReport
}

/** What the doctor says about a pooler, in short. */
interface Said {
  readonly mode: string
  readonly pooler: RegExp
  readonly names: string
  readonly syncs: string
  /** Of statement_timeout and search_path at start-up. */
  readonly startup: readonly [string, string] | undefined
  readonly found: readonly string[]
  readonly absent: readonly string[]
  /** What a driver that names its statements has to be told. */
  readonly asyncpg: string | undefined
}

const off = 'create_pool(..., statement_cache_size=0)'
const blind = { mode: 'transaction', names: 'kept', syncs: 'answered', asyncpg: off } as const
const refusing = { startup: ['refused', 'refused'], found: ['named-parse', 'startup-param-rejected'] } as const

const profiles: readonly (readonly [ProfileName, Said])[] = [
  [
    'pgbouncer-1.18',
    { ...blind, ...refusing, pooler: /PgBouncer without statement tracking/, absent: ['statement-mode'] },
  ],
  [
    'pgbouncer-1.25',
    {
      ...blind,
      ...refusing,
      pooler: /PgBouncer 1\.21 or later/,
      names: 'translated',
      found: ['startup-param-rejected'],
      absent: ['named-parse'],
      asyncpg: 'no change',
    },
  ],
  [
    'pgbouncer-statement',
    {
      mode: 'statement',
      pooler: /statement mode/,
      names: 'not-probed',
      syncs: 'not-probed',
      startup: undefined,
      found: ['statement-mode'],
      absent: ['named-parse'],
      asyncpg: undefined,
    },
  ],
  [
    'supavisor-2.9',
    {
      ...blind,
      pooler: /Supavisor/,
      startup: ['dropped', 'applied'],
      found: ['named-parse', 'startup-param-ignored'],
      absent: ['startup-param-rejected'],
    },
  ],
  [
    'supavisor-named',
    {
      ...blind,
      pooler: /Supavisor/,
      names: 'translated',
      startup: ['dropped', 'applied'],
      found: ['startup-param-ignored'],
      absent: ['named-parse'],
      asyncpg: 'no change',
    },
  ],
  [
    'odyssey',
    {
      ...blind,
      pooler: /Odyssey/,
      startup: ['set-in-session', 'set-in-session'],
      found: ['named-parse', 'startup-param-ignored'],
      absent: ['startup-param-rejected'],
    },
  ],
  [
    'pgagroal',
    {
      ...blind,
      pooler: /pgagroal/,
      startup: ['dropped', 'dropped'],
      found: ['named-parse', 'startup-param-ignored'],
      absent: ['startup-param-rejected'],
    },
  ],
]

describe('each profile is recognised by what it does, and nothing is left behind', () => {
  test.each(profiles)('%s', async (profile, said) => {
    await using pooler = await startPooler({ upstream: database.directUrl, profile, poolSize: 4, audit: 'every' })
    const report = await examine(pooler.url)
    const { session, findings, recommendations } = report
    const { startup } = session
    const seen =
      said.startup && ([startup['statement_timeout'] ?? '', startup['options=-c search_path'] ?? ''] as const)
    expect({ mode: session.mode, names: session.namedStatements, syncs: session.syncsInFlight, startup: seen }).toEqual(
      {
        mode: said.mode,
        names: said.names,
        syncs: said.syncs,
        startup: said.startup,
      },
    )
    expect(report.pooler).toMatch(said.pooler)
    const hazards = findings.map(({ hazard }) => hazard)
    expect(hazards).toEqual(expect.arrayContaining([...said.found]))
    for (const hazard of said.absent) expect(hazards).not.toContain(hazard)
    expect(recommendations['asyncpg']?.[0]).toBe(said.asyncpg)
    await pooler.settle()
    expect(pooler.violations().filter(({ evidence }) => evidence === 'residue')).toEqual([])
    // What Odyssey sets for a client it leaves to the next, the value that was there anyway among it.
    expect((await pooler.audit()).flatMap(({ residue }) => residue)).toEqual([])
  })
})

describe.skipIf(!findPgBouncer())('PgBouncer (needs pgbouncer)', () => {
  test.each([
    ['transaction', 'kept', 'answered'],
    ['session', 'kept', 'answered'],
    ['statement', 'not-probed', 'not-probed'],
  ] as const)('in %s mode: what is said of it, and what is left', async (poolMode, names, syncs) => {
    await using pooler = await startPgBouncer({ upstream: database.directUrl, poolMode, poolSize: 4 })
    const { session, network, pooler: name } = await examine(pooler.url)
    expect(session).toMatchObject({ mode: poolMode, namedStatements: names, syncsInFlight: syncs })
    expect(network).toMatchObject({ tls: 'refused', authentication: 'scram-sha-256' })
    expect(name).toMatch(/PgBouncer/)
    if (poolMode === 'statement') return
    const audits = await auditThroughPooler(pooler.url, poolMode === 'session' ? 1 : 4)
    expect(audits.filter(({ clean }) => !clean)).toEqual([])
  })
})

test('TLS of the endpoint is examined: protocol, certificate and why it proves nothing', async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, tls: 'self-made' })
  const report = await examine(pooler.url)
  expect(report.network).toMatchObject({
    tls: 'offered',
    tlsProtocol: expect.stringMatching(/^TLSv1\.[23]$/),
    certificate: { problem: expect.stringMatching(/self.signed/i) },
    channelBinding: false,
  })
  const hazards = report.findings.map(({ hazard }) => hazard)
  expect(hazards).toEqual(expect.arrayContaining(['tls-downgrade', 'scram-channel-binding']))
})

test('settings that the role brings to every backend are found, also behind a pooler', async () => {
  const client = new pg.Client({ connectionString: database.directUrl })
  await client.connect()
  await client.query(`drop role if exists doctor_risky`)
  await client.query(`create role doctor_risky login superuser password 'pw'`)
  await client.query(`alter role doctor_risky set statement_timeout = 0`)
  await client.query(`alter role doctor_risky set idle_in_transaction_session_timeout = 0`)
  await client.query(`alter role doctor_risky set search_path = tenant_7`)
  try {
    await using pooler = await startPooler({ upstream: database.directUrl })
    const url = new URL(pooler.url)
    url.username = 'doctor_risky'
    url.password = 'pw'
    const report = await examine(url.href)
    expect(report.findings.map(({ hazard }) => hazard)).toEqual(
      expect.arrayContaining(['idle-in-tx', 'long-statements']),
    )
    expect(JSON.stringify(report.findings)).toMatch(/doctor_risky.*search_path|search_path.*doctor_risky/)
  } finally {
    await client.query(`drop role doctor_risky`)
    await client.end()
  }
})
