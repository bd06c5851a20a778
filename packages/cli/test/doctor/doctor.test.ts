import { auditThroughPooler, findPgBouncer, formatAudits, startPgBouncer, startPooler } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import type { DoctorReport } from '../../src/doctor/diagnosis.ts'
import { runProgram } from '../support/run-program.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`
      create table note (id int, tenant text);
      alter table note enable row level security;
      create policy own on note using (tenant = current_setting('app.tenant'));
      create policy known on note using (tenant = current_setting('app.known', true));
      create function set_tenant(name text) returns void language plpgsql as
        $$ begin perform set_config('app.tenant', name, false); end $$;
      create function harmless() returns int language sql as $$ select 1 $$`)
    await client.end()
  },
})

async function examine(url: string, ...argv: string[]): Promise<DoctorReport> {
  const { out, err } = await runProgram(['doctor', url, '--json', ...argv])
  if (out === '') throw new Error(err)
  return JSON.parse(out) as DoctorReport
}

const hazards = ({ findings }: DoctorReport): readonly string[] => findings.map(({ hazard }) => hazard)

test('PostgreSQL itself is direct, and applies what is sent at start-up', async () => {
  const report = await examine(database.directUrl)
  expect(report.session).toMatchObject({ mode: 'direct', namedStatements: 'kept', syncsInFlight: 'answered' })
  expect(Object.values(report.session.startup)).toEqual(['applied', 'applied', 'applied', 'applied'])
  expect(report.network).toMatchObject({ tls: 'refused', authentication: 'scram-sha-256', channelBinding: false })
  expect(report.session.backendRoundTripMs).toBeGreaterThan(0)
  expect(hazards(report)).not.toContain('named-parse')
})

test('what functions and policies of the database do to sessions is found, and nothing else of theirs', async () => {
  const { findings } = await examine(database.directUrl)
  const titles = findings.map(({ title }) => title).join('\n')
  expect(titles).toMatch(/set_tenant\(text\) changes or reads the state of its session/)
  expect(titles).not.toMatch(/harmless/)
  expect(titles).toMatch(/public\.note \(own\) relies on app\.tenant, and fails/)
  expect(titles).toMatch(/public\.note \(known\) reads app\.known, which is NULL on a fresh backend and '' on one/)
})

describe('the rotating pooler', () => {
  test('is in transaction mode, keeps names and refuses start-up parameters; nothing is left behind', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, audit: 'every' })
    const report = await examine(pooler.url)
    expect(report.session).toMatchObject({ mode: 'transaction', namedStatements: 'kept' })
    expect(Object.values(report.session.startup)).toEqual(['refused', 'refused', 'refused', 'refused'])
    expect(report.database).toMatchObject({ poolSizeSeen: 3, asked: 3 })
    expect(hazards(report)).toEqual(expect.arrayContaining(['named-parse', 'startup-param-rejected']))
    expect(report.recommendations['postgres.js']?.[0]).toMatch(/prepare: false/)
    await pooler.settle()
    expect(pooler.violations().filter(({ evidence }) => evidence === 'residue')).toEqual([])
    const audits = await pooler.audit()
    expect(audits.filter(({ clean }) => !clean)).toEqual([])
  })

  test('what a stranger left on a backend is reported with its pid', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 1 })
    const stranger = new pg.Client({ connectionString: pooler.url })
    await stranger.connect()
    await stranger.query(`set work_mem to '5MB'`)
    await stranger.end()
    const report = await examine(pooler.url)
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        hazard: 'session-set',
        title: expect.stringMatching(/^Backend \d+ was left with setting work_mem/),
      }),
    )
    expect(report.database.poolSizeSeen).toBe(1)
    expect(hazards(report)).toContain('double-pool-sizing')
  })

  test('start-up parameters that are dropped silently are told from those that are refused', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, ignoreStartupParameters: ['*'] })
    const report = await examine(pooler.url)
    expect(new Set(Object.values(report.session.startup))).toEqual(new Set(['dropped']))
    expect(hazards(report)).toContain('startup-param-ignored')
    expect(report.pooler).toMatch(/ignore_startup_parameters/)
  })
})

describe.skipIf(!findPgBouncer())('PgBouncer (needs pgbouncer)', () => {
  test.each(['transaction', 'session', 'statement'] as const)(
    'in %s mode is recognised, and left clean',
    async (poolMode) => {
      await using pooler = await startPgBouncer({ upstream: database.directUrl, poolMode, poolSize: 4 })
      const report = await examine(pooler.url)
      expect(report.session.mode).toBe(poolMode)
      expect(hazards(report).includes('statement-mode')).toBe(poolMode === 'statement')
      if (poolMode === 'transaction') {
        const audits = await auditThroughPooler(pooler.url, 4)
        expect(formatAudits(audits.filter(({ clean }) => !clean))).toBe(formatAudits([]))
      }
    },
  )
})

describe('what cannot be examined', () => {
  test('is an error that says why, without the password', async () => {
    for (const url of [
      'postgres://app:hunter2@127.0.0.1:1/app',
      'mysql://app:hunter2@h/x',
      'nonsense',
      database.directUrl.replace(/:[^:@]*@/, ':hunter2@'),
    ]) {
      const { code, out, err } = await runProgram(['doctor', url, '--timeout', '2000'])
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(/^pooler-safe: /)
      expect(err).not.toContain('hunter2')
    }
    expect(await runProgram(['doctor'])).toMatchObject({ code: 2, err: expect.stringMatching(/DATABASE_URL/) })
  })

  test('the report never holds the password', async () => {
    const password = new URL(database.directUrl).password
    expect(password.length).toBeGreaterThan(0)
    const pretty = await runProgram(['doctor'], { env: { DATABASE_URL: database.directUrl } })
    expect(pretty.code).toBe(1)
    expect(pretty.out).toMatch(/mode +direct/)
    for (const out of [pretty.out, JSON.stringify(await examine(database.directUrl))]) {
      expect(out.split('***').join('').includes(`:${password}@`)).toBe(false)
    }
  })
})
