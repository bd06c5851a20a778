import { useTestDatabase } from '@pooler-safe/tests/support'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPooler, type Pooler } from '../src/index.ts'
import { RawClient, send, type Answer } from './raw-client.ts'

/**
 * The strongest statement about the pooler's reading of the protocol: whatever a client sends in whatever order, it gets
 * the same messages as from PostgreSQL itself.
 */
const database = useTestDatabase({
  prepare: async (url) => {
    const client = await RawClient.connect(url)
    await client.value('create table line (id int, text text)')
    await client.end()
  },
})

/** Messages by name, so that a counterexample can be read. */
const messages: Readonly<Record<string, () => Buffer>> = {
  'parse ok': () => send.parse('select 1'),
  'parse bad': () => send.parse('select nonsense'),
  'parse insert': () => send.parse(`insert into line values (1, 'x')`),
  'parse copy': () => send.parse('copy line from stdin'),
  'parse copy out': () => send.parse('copy (select 1) to stdout'),
  'parse empty': () => send.parse(''),
  bind: () => send.bind(),
  'bind too much': () => send.bind(['1', '2']),
  'describe portal': () => send.describe('P'),
  'describe statement': () => send.describe('S'),
  execute: () => send.execute(),
  'execute rows': () => send.execute('', 1),
  'close portal': () => send.close('P', ''),
  flush: () => send.flush(),
  sync: () => send.sync(),
  'query ok': () => send.query('select 2'),
  'query bad': () => send.query('select 1/0'),
  'query several': () => send.query('select 1; select 2'),
  'query empty': () => send.query(''),
  'query copy': () => send.query('copy line from stdin'),
  'query two copies': () => send.query('copy line from stdin; copy line from stdin'),
  'query copy out': () => send.query('copy (select 1) to stdout'),
  'copy data': () => send.copyData('1\ttext\n'),
  'copy bad data': () => send.copyData('no number\n'),
  'copy done': () => send.copyDone(),
  'copy fail': () => send.copyFail('changed my mind'),
  'function call': () => send.functionCall(1299),
  'function call bad': () => send.functionCall(99_999_999),
}

const names = Object.keys(messages)
const inTransaction = ['query commit', 'query begin', 'query rollback'] as const
const everything: Readonly<Record<string, () => Buffer>> = {
  ...messages,
  'query commit': () => send.query('commit'),
  'query begin': () => send.query('begin'),
  'query rollback': () => send.query('rollback'),
}

/** Ends a COPY and an extended query that may be open, and marks the end. */
const ending = [send.copyDone(), send.sync(), send.sync(), send.query(`rollback; select 'the end'`)]

const isEnd = ({ rows }: Answer): boolean => rows[0]?.[0] === 'the end'

async function transcript(client: RawClient, script: readonly string[], pieces: readonly number[]): Promise<string[]> {
  const bytes = Buffer.concat([...script.map((name) => everything[name]!()), ...ending])
  const seen: string[] = []
  const reading = (async () => {
    for (;;) {
      let answer: Answer
      try {
        answer = await client.answer()
      } catch {
        // PostgreSQL hangs up when something else than data comes during a COPY. Whether its last words arrive is a race:
        // it closes with our bytes unread, which resets the connection.
        seen.push('closed')
        return false
      }
      // Times and oids do not appear; what is left must agree to the letter.
      seen.push(
        JSON.stringify([
          answer.types,
          answer.status,
          answer.rows,
          answer.errors.map(({ code, message }) => `${code} ${message}`),
        ]),
      )
      if (isEnd(answer)) return true
    }
  })()
  let start = 0
  for (const piece of pieces) {
    if (start >= bytes.length) break
    client.socket.write(bytes.subarray(start, start + piece))
    start += piece
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (start < bytes.length) client.socket.write(bytes.subarray(start))
  // Surplus answers would be a stranger's: give them time to come.
  if (await reading) await client.ask(send.query('rollback'))
  return seen
}

async function withTimeout<T>(work: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>(
    (_resolve, reject) => (timer = setTimeout(() => reject(new Error(`hangs: ${what()}`)), 4_000)),
  )
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function compare(
  pooler: Pooler,
  script: readonly string[],
  pieces: readonly number[],
  prologue?: Buffer,
): Promise<void> {
  const direct = await RawClient.connect(database.directUrl)
  const pooled = await RawClient.connect(pooler.url)
  try {
    for (const client of [direct, pooled]) if (prologue) await client.ask(prologue)
    const expected = await withTimeout(transcript(direct, script, pieces), () => `direct, after ${direct.types()}`)
    const actual = await withTimeout(transcript(pooled, script, pieces), () => `pooled, after ${pooled.types()}`)
    const last = await Promise.race([pooled.closed, Promise.resolve(undefined)])
    // The one thing that cannot be followed from outside ends the connection instead of guessing.
    if (last?.some(({ message }) => message.includes('its answer cannot be told apart'))) return
    expect(actual).toEqual(expected)
    expect(pooled.surplus).toBe(0)
  } finally {
    direct.socket.destroy()
    pooled.socket.destroy()
  }
}

const scripts = (known: readonly string[]) => fc.array(fc.constantFrom(...known), { minLength: 1, maxLength: 10 })
const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 })
const seed = Number(process.env['POOLER_SAFE_SEED'] ?? 20_261_124)
const numRuns = Number(process.env['POOLER_SAFE_FUZZ_RUNS'] ?? 250)

describe('the pooler answers as PostgreSQL does', () => {
  let one: Pooler
  let rotating: Pooler
  beforeAll(async () => {
    one = await startPooler({ upstream: database.directUrl, poolSize: 1 })
    rotating = await startPooler({ upstream: database.directUrl, poolSize: 3 })
  })
  afterAll(async () => {
    await one.stop({ drainMs: 0 })
    await rotating.stop({ drainMs: 0 })
  })

  test('in any order of messages, on one backend', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scripts([...names, ...inTransaction]), cuts, (script, pieces) => compare(one, script, pieces)),
      { numRuns, seed },
    )
  })

  test('in any order of messages inside a transaction, with rotation', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scripts(names), cuts, (script, pieces) =>
        compare(rotating, script, pieces, send.query('begin')),
      ),
      { numRuns, seed },
    )
  })

  test('no backend was given on with an answer outstanding', async () => {
    for (const pooler of [one, rotating]) {
      for (let round = 0; round < 8; round += 1) {
        const client = await RawClient.connect(pooler.url)
        expect((await client.ask(send.query('select 42'))).rows).toEqual([['42']])
        await client.end()
      }
    }
  })
})
