import { startPooler } from '@pooler-safe/testkit'
import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase } from 'pooler-safe'
import { afterAll, expect, test } from 'vitest'
import { prepared } from '../support/tables.ts'

/*
 * The tables of a multi-tenant service as Supabase and PostgREST lay them out: one role for all users, and policies that read
 * the claims of whoever is asking from a setting.
 */
const role = `authenticated_${process.pid}`
const tenants = ['acme', 'globex'] as const
const requests = 10_000
const clients = 12

const database = useTestDatabase({
  prepare: prepared(`
    create role ${role};
    create table note (tenant text not null, body text not null);
    alter table note enable row level security;
    alter table note force row level security;
    create policy own on note to ${role}
      using (tenant = nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'tenant');
    grant select, insert on note to ${role};
    insert into note select tenant, 'note ' || n from unnest(array['acme', 'globex']) tenant, generate_series(1, 3) n;
  `),
})
afterAll(() => database.query(`drop owned by ${role}; drop role ${role}`))

interface Note {
  readonly tenant: string
}

/** Interleaves requests of both tenants; counts those that saw a row of the other one, or not their own three. */
async function leaks(total: number, read: (tenant: string) => Promise<readonly Note[]>): Promise<number> {
  let next = 0
  let leaked = 0
  const lane = async (): Promise<void> => {
    while (next < total) {
      const tenant = tenants[next % 2]!
      next += 1
      const rows = await read(tenant).catch(() => [])
      if (rows.length !== 3 || rows.some((row) => row.tenant !== tenant)) leaked += 1
    }
  }
  await Promise.all(Array.from({ length: clients }, lane))
  return leaked
}

forEachPooler(database, (pooler) => {
  test(
    `I7: 0 of ${requests} interleaved requests of two tenants see a row of the other`,
    { timeout: 120_000 },
    async () => {
      await using db = createDatabase({ url: pooler.url, max: clients, roles: [role] })
      const query = `select tenant from note`
      let turn = 0
      const count = await leaks(requests, async (tenant) => {
        const session = db.withSettings({ role, 'request.jwt.claims': { sub: 'u1', tenant } })
        turn += 1
        // Each way of asking has its share.
        if (turn % 3 === 0) return (await session.query<Note>(query)).rows
        if (turn % 3 === 1) return (await session.batch([query, query]))[1].rows as unknown as Note[]
        return session.transaction(async (tx) => (await tx.query<Note>(query)).rows)
      })
      expect(count).toBe(0)
      await expect(db.withSettings({ role }).query(query)).resolves.toMatchObject({ rows: [] })
    },
  )
})

test('the hand-written forms leak in the same test', { timeout: 60_000 }, async () => {
  // A pooler of its own: these leave their settings on its backends.
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  const pool = new pg.Pool({ connectionString: pooler.url, max: clients })
  pool.on('error', () => undefined)
  const claims = (tenant: string): string => JSON.stringify({ sub: 'u1', tenant })
  const query = 'select tenant from note'
  try {
    // Settings for the session, then the query: another backend, or another client in between.
    const session = await leaks(600, async (tenant) => {
      await pool.query(`set role ${role}`)
      await pool.query(`select set_config('request.jwt.claims', $1, false)`, [claims(tenant)])
      return (await pool.query<Note>(query)).rows
    })
    // Local settings without a transaction end with the statement that makes them.
    const local = await leaks(600, async (tenant) => {
      await pool.query(`select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`, [
        role,
        claims(tenant),
      ])
      return (await pool.query<Note>(query)).rows
    })
    expect(session).toBeGreaterThan(0)
    expect(local).toBeGreaterThan(0)
  } finally {
    await pool.end()
  }
})
