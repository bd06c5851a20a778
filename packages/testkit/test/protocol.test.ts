import { capabilities, forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { execFileSync, spawnSync } from 'node:child_process'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPgBouncer, startPooler, type PgBouncer, type Pooler } from '../src/index.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase()

forEachPooler(database, (pooler) => {
  test('several Syncs in one write are answered in order', async () => {
    const client = await RawClient.connect(pooler.url)
    client.write(
      send.extended('select 1'),
      send.extended('select 1/0'),
      send.query('select 3'),
      send.extended('select $1', ['4']),
    )
    const answers = [await client.answer(), await client.answer(), await client.answer(), await client.answer()]
    expect(answers.map(({ rows }) => rows[0]?.[0])).toEqual(['1', undefined, '3', '4'])
    expect(answers[1]?.errors).toMatchObject([{ code: '22012' }])
    await client.end()
  })

  test('BEGIN to COMMIT over several pipelined Syncs stays together, the query after it is alone', async () => {
    const client = await RawClient.connect(pooler.url)
    client.write(
      ...['begin', 'select pg_backend_pid()', 'select pg_backend_pid()', 'commit', 'select 5'].map((sql) =>
        send.extended(sql),
      ),
    )
    const answers = []
    for (let count = 0; count < 5; count += 1) answers.push(await client.answer())
    expect(answers.map(({ status }) => status).join('')).toBe('TTTII')
    expect(answers[1]?.rows).toEqual(answers[2]?.rows)
    await client.end()
  })

  test('eight clients with twenty pipelined Syncs each get their own answers', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(pooler.url)))
    await Promise.all(
      clients.map(async (client, who) => {
        client.write(...Array.from({ length: 20 }, (_, index) => send.extended('select $1', [`${who}-${index}`])))
        for (let index = 0; index < 20; index += 1) expect((await client.answer()).rows).toEqual([[`${who}-${index}`]])
        await client.end()
      }),
    )
  })

  test('Parse, Describe and Flush are answered before the Sync', async () => {
    const client = await RawClient.connect(pooler.url)
    client.write(send.parse('select $1::int'), send.describe('S'), send.flush())
    await client.seen('T')
    expect(client.types()).toBe('1tT')
    expect((await client.ask(send.bind(['7']), send.execute(), send.sync())).rows).toEqual([['7']])
    await client.end()
  })

  test('a Sync alone, an empty query and a portal read in parts', async () => {
    const client = await RawClient.connect(pooler.url)
    expect((await client.ask(send.sync())).types).toBe('Z')
    expect((await client.ask(send.query(''))).types).toBe('IZ')
    client.write(
      send.parse('select generate_series(1, 5)'),
      send.bind(),
      send.execute('', 2),
      send.execute('', 2),
      send.execute('', 2),
      send.sync(),
    )
    expect((await client.answer()).types).toBe('12DDsDDsDCZ')
    await client.end()
  })

  test('FunctionCall is answered', async () => {
    const client = await RawClient.connect(pooler.url)
    expect((await client.ask(send.functionCall(2026))).types).toBe('VZ')
    await client.end()
  })

  test('notices arrive, and changed parameters are reported', async () => {
    const client = await RawClient.connect(pooler.url)
    await client.ask(send.query(`do $$ begin raise notice 'hello'; end $$`))
    expect(client.notices).toMatchObject([{ severity: 'NOTICE', message: 'hello' }])
    await client.ask(send.query(`begin; set local timezone = 'Asia/Tokyo'`))
    await client.ask(send.query('rollback'))
    await client.end()
  })

  test('an error inside a transaction leaves it failed until ROLLBACK', async () => {
    const client = await RawClient.connect(pooler.url)
    expect((await client.ask(send.query('begin'))).status).toBe('T')
    expect((await client.ask(send.query('select 1/0'))).status).toBe('E')
    expect((await client.ask(send.query('select 1'))).errors).toMatchObject([{ code: '25P02' }])
    expect((await client.ask(send.query('rollback'))).status).toBe('I')
    await client.end()
  })

  test('works with pg: types, errors, many parameters', async () => {
    const pool = new pg.Pool({ connectionString: pooler.url, max: 6 })
    const { rows } = await pool.query(`select $1::timestamptz as t, $2::jsonb as j, $3::int[] as a`, [
      new Date(0),
      { a: 1 },
      [1, 2],
    ])
    expect(rows).toEqual([{ t: new Date(0), j: { a: 1 }, a: [1, 2] }])
    await expect(pool.query('select * from nowhere')).rejects.toMatchObject({ code: '42P01' })
    const many = Array.from({ length: 5_000 }, (_, index) => index)
    const list = many.map((_, index) => `$${index + 1}::int`).join(', ')
    expect(
      (await pool.query<{ sum: number }>(`select sum(x)::int as sum from unnest(array[${list}]) x`, many)).rows[0]?.sum,
    ).toBe((4_999 * 5_000) / 2)
    await pool.end()
  })
})

/** Named statements dirty backends: poolers of their own. */
describe('named statements fail as behind PgBouncer', () => {
  let rotating: Pooler
  let bouncer: PgBouncer | undefined
  beforeAll(async () => {
    rotating = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    if (capabilities.pgbouncer)
      bouncer = await startPgBouncer({ upstream: database.directUrl, poolSize: 2, config: { server_round_robin: 1 } })
  })
  afterAll(async () => {
    await rotating.stop()
    await bouncer?.stop()
  })

  const poolers = [
    { kind: 'rotating', isThere: true, url: () => rotating.url },
    { kind: 'pgbouncer', isThere: capabilities.pgbouncer, url: () => bouncer?.url ?? '' },
  ]
  for (const { kind, isThere, url } of poolers) {
    describe.skipIf(!isThere)(`${kind} (needs it)`, () => {
      test('a driver that names its statements gets the errors of the work order', async () => {
        const pool = new pg.Pool({ connectionString: url(), max: 4 })
        const seen = new Set<string>()
        for (let round = 0; round < 6; round += 1) {
          const results = await Promise.allSettled(
            Array.from({ length: 4 }, () =>
              pool.query({ name: `${kind}_job`, text: 'select $1::int as id', values: [1] }),
            ),
          )
          for (const result of results) {
            if (result.status === 'rejected')
              seen.add(`${(result.reason as pg.DatabaseError).code} ${(result.reason as Error).message}`)
          }
        }
        await pool.end()
        const expected = [
          `26000 prepared statement "${kind}_job" does not exist`,
          `42P05 prepared statement "${kind}_job" already exists`,
        ]
        expect(seen.size).toBeGreaterThan(0)
        for (const text of seen) expect(expected).toContain(text)
      })
    })
  }

  test('with rotation the second use fails every time, not once in a thousand', async () => {
    for (let round = 0; round < 20; round += 1) {
      const client = new pg.Client(rotating.url)
      await client.connect()
      const name = `certain_${round}`
      await client.query({ name, text: 'select 1 as one', values: [] })
      await expect(client.query({ name, text: 'select 1 as one', values: [] })).rejects.toMatchObject({
        code: '26000',
        message: `prepared statement "${name}" does not exist`,
      })
      await client.end()
    }
  })

  test('a name that another client parsed runs the other client’s SQL, as behind PgBouncer', async () => {
    await using one = await startPooler({ upstream: database.directUrl, poolSize: 1 })
    const first = await RawClient.connect(one.url)
    const second = await RawClient.connect(one.url)
    await first.ask(send.parse(`select 'private to first'`, 'shared'), send.sync())
    expect((await second.ask(send.bind([], 'shared'), send.execute(), send.sync())).rows).toEqual([
      ['private to first'],
    ])
    await first.end()
    await second.end()
  })
})

describe.skipIf(spawnSync('psql', ['--version']).status !== 0)('psql (needs psql)', () => {
  const psql = (url: string, ...commands: string[]): string =>
    execFileSync(
      'psql',
      ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', ...commands.flatMap((command) => ['-c', command]), url],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )

  test('works through the rotating pooler', async () => {
    await database.query('create table from_psql (id int, name text)')
    expect(psql(database.pooledUrl, 'select 40 + 2')).toBe('42\n')
    psql(database.pooledUrl, `\\copy from_psql from program 'printf "1\\ta\\n2\\tb\\n"'`)
    expect(psql(database.pooledUrl, '\\copy from_psql to stdout', '\\d from_psql').split('\n')).toEqual(
      expect.arrayContaining(['1\ta', '2\tb', 'name|text|||']),
    )
    const pids = psql(database.pooledUrl, ...Array.from({ length: 4 }, () => 'select pg_backend_pid()'))
      .trim()
      .split('\n')
    expect(pids.slice(1).filter((pid, index) => pid === pids[index])).toEqual([])
  })

  test('is told what it did wrong', () => {
    expect(() => psql(database.pooledUrl, 'select * from nowhere')).toThrow('relation "nowhere" does not exist')
    expect(() => psql(database.pooledUrl.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).toThrow(
      'SASL authentication failed',
    )
  })
})
