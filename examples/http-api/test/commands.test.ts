import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { readDocument } from './document.ts'

const database = useTestDatabase()
const commands = join(import.meta.dirname, '../src/commands')

function start(command: string, variables: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--conditions=@pooler-safe/source', join(commands, command)], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'warn', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }))
  return { child, said, ended }
}

test('migrate makes the tables, serve answers and works through the pooler, and SIGTERM ends it with 0', async () => {
  const served = { DATABASE_URL: database.pooledUrl, API_PORT: '0', API_TENANT: 'me' }
  const early = await start('serve.ts', served).ended
  expect(early).toMatchObject({ code: 1, out: '' })
  expect(early.err).toMatch(/^serve: .*migrate/)

  const migrated = await start('migrate.ts', { DIRECT_DATABASE_URL: database.directUrl }).ended
  expect(migrated).toMatchObject({ code: 0, err: '' })
  expect(migrated.out).toContain('1700000600000_http_api')
  const again = await start('migrate.ts', { DIRECT_DATABASE_URL: database.directUrl }).ended
  expect(again).toMatchObject({ code: 0, out: 'The database is up to date.\n' })

  const { child, said, ended } = start('serve.ts', served)
  try {
    await expect.poll(() => said.out, { timeout: 60_000 }).toMatch(/pst_[\w-]{43}\n/)
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said.out)![0]
    const headers = { authorization: `Bearer ${/pst_[\w-]{43}/.exec(said.out)![0]}` }
    for (const path of ['/healthz', '/readyz', '/metrics', '/reference']) {
      const answer = await fetch(`${url}${path}`)
      await answer.arrayBuffer()
      expect([path, answer.status]).toEqual([path, 200])
    }
    expect((await readDocument(url)).openapi).toBe('3.1.0')
    const made = await fetch(`${url}/v1/batches`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ domains: ['no-such-site.invalid'], maxAttempts: 1 }),
    })
    expect(made.status).toBe(202)
    const location = `${url}${made.headers.get('location') ?? ''}`
    const stateOf = async (): Promise<unknown> =>
      ((await (await fetch(location, { headers })).json()) as { state: unknown }).state
    await expect.poll(stateOf, { timeout: 60_000, interval: 200 }).toBe('failed')
    // Who holds on to a stream holds up nothing.
    const stream = await fetch(`${url}/v1/events?topics=jobs`, { headers })
    const asked = Date.now()
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 0, err: '' })
    expect(Date.now() - asked).toBeLessThan(20_000)
    await stream.text()
  } finally {
    child.kill('SIGKILL')
    await ended
  }
  // Nothing of it is left at the database.
  const left = async (): Promise<unknown> => {
    const { rows } = await database.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'http-api' and state <> 'idle'`,
    )
    return rows[0]
  }
  expect(await left()).toEqual({ n: 0 })
}, 240_000)

test('a mistake in the environment is one message that names it', async () => {
  const wrong = await start('serve.ts', { DATABASE_URL: database.pooledUrl, API_PROT: '1', API_WORKER: 'maybe' }).ended
  expect(wrong).toMatchObject({ code: 1, out: '' })
  expect(wrong.err).toContain('API_PROT')
  expect(wrong.err).toContain('API_PORT')
  expect(wrong.err).toContain('API_WORKER')
}, 60_000)
