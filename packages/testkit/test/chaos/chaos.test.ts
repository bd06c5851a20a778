import { useTestDatabase } from '@pooler-safe/tests/support'
import { describe, expect, test } from 'vitest'
import { parseChaosRule, startPooler, type Pooler, type StartPoolerOptions } from '../../src/index.ts'
import { RawClient, send } from '../raw-client.ts'

const database = useTestDatabase()

const start = (
  chaos: NonNullable<StartPoolerOptions['chaos']>,
  more: Partial<StartPoolerOptions> = {},
): Promise<Pooler> => startPooler({ upstream: database.directUrl, poolSize: 2, seed: 21, chaos, ...more })

const a = (pooler: Pooler): Promise<RawClient> => RawClient.connect(pooler.url, { application_name: 'A' })
const one = send.extended('select 1')

describe('rules of chaos', () => {
  test('after the 2nd Execute of client A, its backend is killed, and nobody else suffers', async () => {
    await using pooler = await start(['after the 2nd Execute of client A, kill its backend'])
    const client = await a(pooler)
    const other = await RawClient.connect(pooler.url, { application_name: 'B' })
    await client.ask(send.query('begin'))
    expect((await client.ask(one)).errors).toEqual([])
    for (let round = 0; round < 3; round += 1) expect((await other.ask(one)).errors).toEqual([])
    // The answer to Execute may come before the end, the one to Sync does not.
    client.write(one)
    expect((await client.closed).map(({ code }) => code)).toContain('57P01')
    expect((await other.ask(one)).errors).toEqual([])
    await other.end()
  })

  test('before a COMMIT the backend is cut: nothing was committed', async () => {
    await database.query('create table if not exists kept (id int)')
    await using pooler = await start(['before the 3rd Query of client A, cut its backend'])
    const client = await a(pooler)
    await client.ask(send.query('begin'))
    await client.ask(send.query('insert into kept values (1)'))
    client.write(send.query('commit'))
    expect((await client.closed)[0]).toMatchObject({ code: '08P01', message: 'server conn crashed?' })
    expect((await database.query('select from kept')).rowCount).toBe(0)
  })

  test('a client is cut, and its transaction is rolled back', async () => {
    await database.query('create table if not exists cut (id int)')
    await using pooler = await start(['after the 2nd Query of client 1, cut the client'])
    const client = await a(pooler)
    await client.ask(send.query('begin'))
    client.write(send.query('insert into cut values (1)'))
    await client.closed
    await expect.poll(() => pooler.clients()).toBe(0)
    expect((await database.query('select from cut')).rowCount).toBe(0)
  })

  test('a stall holds one client back, and only that one', async () => {
    await using pooler = await start(['before the 1st Query of client A, stall it for 200 ms'])
    const client = await a(pooler)
    const other = await RawClient.connect(pooler.url)
    const started = performance.now()
    const stalled = client.ask(send.query('select 1')).then(() => performance.now() - started)
    await other.ask(send.query('select 1'))
    const others = performance.now() - started
    expect(await stalled).toBeGreaterThanOrEqual(190)
    expect(others).toBeLessThan(await stalled)
    await client.end()
    await other.end()
  })

  test('split frames change nothing but the time', async () => {
    await using pooler = await start(['after the 1st message of any client, split its frames'])
    const client = await a(pooler)
    for (let round = 0; round < 5; round += 1) {
      const { rows, errors } = await client.ask(send.extended('select repeat($1, 300)', ['x']))
      expect({ rows, errors }).toEqual({ rows: [['x'.repeat(300)]], errors: [] })
    }
    await client.end()
  })

  test('a slow link delays every message of that client, and changes nothing else', async () => {
    await using pooler = await start(['after the 1st message of client A, slow it down by 30 ms'])
    const client = await a(pooler)
    await client.ask(one)
    const started = performance.now()
    // Parse, Bind, Describe, Execute, Sync.
    expect((await client.ask(one)).rows).toEqual([['1']])
    expect(performance.now() - started).toBeGreaterThanOrEqual(5 * 30 - 10)
    await client.end()
  })

  test('log-ins are refused for a while, in the words of a full pooler; who is in stays in', async () => {
    await using pooler = await start(['after the 1st Query of client A, refuse log-ins for 300 ms'])
    const client = await a(pooler)
    await client.ask(send.query('select 1'))
    await expect.poll(() => a(pooler).then(() => 'in', String)).toMatch(/08P01: no more connections allowed/)
    expect((await client.ask(send.query('select 2'))).rows).toEqual([['2']])
    await expect.poll(() => a(pooler).then(() => 'in', String)).toBe('in')
    await client.end()
  })

  test('an exhausted pool makes everybody wait, and refuses who cannot', async () => {
    const rule = 'after the 1st Query of client A, exhaust the pool for 400 ms'
    await using patient = await start([rule])
    const client = await a(patient)
    await client.ask(send.query('select 1'))
    const started = performance.now()
    expect((await client.ask(send.query('select 2'))).rows).toEqual([['2']])
    expect(performance.now() - started).toBeGreaterThan(200)
    await client.end()
    await using impatient = await start([rule], { queryWaitTimeoutMs: 50, profile: 'supavisor-2.9' })
    const refused = await a(impatient)
    await refused.ask(send.query('select 1'))
    refused.write(send.query('select 2'))
    expect((await refused.closed)[0]?.message).toMatch(/ECHECKOUTTIMEOUT/)
  })

  test('a restarted pooler hangs up on everybody, forgets its backends, and serves who comes back', async () => {
    await using pooler = await start(['before the 2nd Query of client A, restart the pooler'])
    const client = await a(pooler)
    const other = await RawClient.connect(pooler.url)
    const before = await other.value('select pg_backend_pid()')
    await client.ask(send.query('select 1'))
    client.write(send.query('select 2'))
    for (const one of [client, other]) expect(await one.closed).toMatchObject([{ code: '57P01' }])
    const back = await RawClient.connect(pooler.url)
    expect(await back.value('select pg_backend_pid()')).not.toBe(before)
    expect(pooler.clients()).toBe(1)
    await back.end()
  })

  test('a rule that cannot be read says how to write one', async () => {
    for (const text of [
      'kill everything',
      'after the 0th Query of client A, cut the client',
      'after the 1st Terminate of any client, cut the client',
    ]) {
      await expect(start([text])).rejects.toMatchObject({
        code: 'invalid-option',
        message: expect.stringContaining('after the 2nd Execute'),
      })
    }
    expect(parseChaosRule('before the 1st message of any client, stall it for 5 ms')).toEqual({
      when: 'before',
      nth: 1,
      message: 'message',
      client: undefined,
      disturbance: { action: 'stall', ms: 5 },
    })
  })
})

describe('random chaos', () => {
  /** At which statement each of a row of clients was cut. */
  async function fates(seed: number): Promise<number[]> {
    await using pooler = await start({ every: 6, disturbances: [{ action: 'cut-client' }] }, { seed })
    const ends: number[] = []
    for (let index = 0; index < 8; index += 1) {
      const client = await a(pooler)
      let round = 0
      for (; round < 40; round += 1) {
        const survived = await client.ask(send.query('select 1')).then(
          () => true,
          () => false,
        )
        if (!survived) break
      }
      ends.push(pooler.recording.backendsOf(index + 1).length)
      client.socket.destroy()
    }
    return ends
  }

  test('strikes at the same messages for the same seed', async () => {
    const first = await fates(1)
    expect(await fates(1)).toEqual(first)
    expect(await fates(2)).not.toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(2)
  })

  test('never mixes two clients up, whatever it does', async () => {
    await using pooler = await start(
      {
        every: 15,
        disturbances: [
          { action: 'cut-client' },
          { action: 'cut-backend' },
          { action: 'kill-backend' },
          { action: 'split-frames' },
          { action: 'stall', ms: 3 },
        ],
      },
      { poolSize: 3, audit: 'every' },
    )
    let answered = 0
    await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        for (let life = 0; life < 6; life += 1) {
          const client = await a(pooler)
          for (let round = 0; round < 20; round += 1) {
            const text = `${index}/${life}/${round}`
            const answer = await client.ask(send.extended('select $1::text', [text])).catch(() => undefined)
            if (!answer) break
            if (answer.errors.length > 0) continue
            expect(answer.rows).toEqual([[text]])
            answered += 1
          }
          client.socket.destroy()
        }
      }),
    )
    expect(answered).toBeGreaterThan(100)
    const healthy = await RawClient.connect(pooler.url)
    healthy.socket.destroy()
  })

  test('needs something to do', async () => {
    await expect(start({ every: 0, disturbances: [{ action: 'cut-client' }] })).rejects.toMatchObject({
      code: 'invalid-option',
    })
    await expect(start({ every: 5, disturbances: [] })).rejects.toMatchObject({ code: 'invalid-option' })
  })
})
