import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { SafeClient, SafePool, type PoolerSafeError, type SafeClientConfig } from 'pooler-safe'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { thrown } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()
const url = 'postgres://app:secret@db.example:6543/shop'

const unsafe: readonly [key: string, value: unknown][] = [
  ['statement_timeout', 5_000],
  ['lock_timeout', 5_000],
  ['idle_in_transaction_session_timeout', 5_000],
  ['options', '-c search_path=shop'],
  ['search_path', 'shop'],
  ['replication', 'database'],
  ['pipeline', true],
  ['binary', true],
  ['native', true],
  ['connection', {}],
  ['client_encoding', 'latin1'],
]

describe.each([
  ['SafePool', (options: object) => new SafePool(options)],
  ['SafeClient', (options: object) => new SafeClient(options)],
])('%s', (_name, create) => {
  test.each(unsafe)('I9: %s is refused at construction, with what to do', (key, value) => {
    const error = thrown(() => create({ connectionString: url, [key]: value })) as unknown as PoolerSafeError
    expect(error).toMatchObject({ code: 'POOLER_SAFE_UNSAFE_OPTION', outcome: 'not-executed' })
    expect(error.message).toContain(`"${key}"`)
    expect(error.hint?.length).toBeGreaterThan(9)
  })

  test.each(unsafe)('I9: %s that asks for nothing is accepted', (key) => {
    for (const nothing of [undefined, null, false, 0, '']) {
      expect(() => create({ connectionString: url, [key]: nothing })).not.toThrow()
    }
  })

  test.each([
    ['statement_timeout=5000', 'statement_timeout'],
    ['options=-c%20search_path%3Dshop', 'options'],
    ['search_path=shop', 'search_path'],
    ['pgbouncer=true', 'pgbouncer'],
    ['channel_binding=require', 'channel_binding'],
    ['connect_timeout=5', 'connect_timeout'],
  ])('I9: ?%s in the URL is refused', (query, key) => {
    const error = thrown(() => create({ connectionString: `${url}?${query}` }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_UNSAFE_OPTION', hint: expect.any(String) })
    expect(error.message).toContain(`"${key}"`)
    expect(error.message).not.toContain('secret')
  })

  test('I9: an unknown option is refused, with the one that was meant', () => {
    expect(thrown(() => create({ connectionString: url, idleTimeoutMilis: 5 }))).toMatchObject({
      code: 'POOLER_SAFE_UNKNOWN_OPTION',
      hint: 'Did you mean "idleTimeoutMillis"?',
    })
    expect(thrown(() => create({ connectionString: url, frobnicate: 5 }))).toMatchObject({
      code: 'POOLER_SAFE_UNKNOWN_OPTION',
      hint: expect.stringContaining('unknownOptions'),
    })
    expect(thrown(() => create({ connectionString: `${url}?frobnicate=5` }))).toMatchObject({
      code: 'POOLER_SAFE_UNKNOWN_OPTION',
    })
    expect(() => create({ connectionString: url, frobnicate: 5, unknownOptions: 'ignore' })).not.toThrow()
  })

  test('I9: unsafe options stay refused when unknown ones are ignored', () => {
    expect(thrown(() => create({ connectionString: url, binary: true, unknownOptions: 'ignore' }))).toMatchObject({
      code: 'POOLER_SAFE_UNSAFE_OPTION',
    })
  })

  test.each([
    ['', /missing/],
    ['not a url', /not a URL/],
    ['https://db.example/shop', /https:/],
    ['mysql://db.example/shop', /mysql:/],
    ['postgres:db.example/shop', /\/\//],
    ['postgres://app:se#cret@db.example/shop', /not a URL|"#"/],
    ['postgres://app:secret@db.example:99999/shop', /not a URL/],
  ])('I9: a wrong URL is refused without showing its password: %s', (wrong, message) => {
    const error = thrown(() => create({ connectionString: wrong }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_BAD_URL', hint: expect.any(String), outcome: 'not-executed' })
    expect(error.message).toMatch(message)
    expect(JSON.stringify([error.message, error.hint])).not.toMatch(/secret|se#cret/)
  })

  test('every option of pg and pg-pool that is safe is accepted', () => {
    expect(() =>
      create({
        user: 'app',
        database: 'shop',
        password: () => 'secret',
        host: 'db.example',
        port: 6543,
        keepAlive: true,
        keepAliveInitialDelayMillis: 1,
        ssl: { rejectUnauthorized: true },
        sslnegotiation: 'postgres',
        enableChannelBinding: true,
        scramMaxIterations: 1,
        query_timeout: 1,
        application_name: 'a',
        fallback_application_name: 'b',
        connectionTimeoutMillis: 1,
        types: pg.types,
        client_encoding: 'utf8',
        Promise,
        max: 1,
        min: 0,
        idleTimeoutMillis: 1,
        maxUses: 1,
        allowExitOnIdle: true,
        maxLifetimeSeconds: 1,
        log: () => undefined,
        onConnect: () => undefined,
        verify: undefined,
      }),
    ).not.toThrow()
    for (const good of [
      'postgres:///shop',
      'postgres://u:p@/shop',
      'socket:/run/pg?db=shop',
      '/run/pg shop',
      `${url}?sslmode=verify-full&application_name=a`,
    ]) {
      expect(() => create({ connectionString: good }), good).not.toThrow()
    }
  })

  test('I9: a port that is none is refused', () => {
    expect(thrown(() => create({ host: 'db.example', port: 'abc' }))).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION' })
  })

  test('I9: what the environment and pg’s own defaults would send at start-up is refused too', () => {
    vi.stubEnv('PGOPTIONS', '-c search_path=shop')
    const error = thrown(() => create({ connectionString: url }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_UNSAFE_OPTION' })
    expect(error.message).toContain('PGOPTIONS')
    vi.unstubAllEnvs()
    pg.defaults.statement_timeout = 1_000
    expect(thrown(() => create({ connectionString: url })).message).toContain('statement_timeout')
  })
  afterEach(() => {
    pg.defaults.statement_timeout = false
  })
})

test('I9: a client class that is not guarded is refused, the native one by name', () => {
  expect(thrown(() => new SafePool({ connectionString: url, Client: pg.Client }))).toMatchObject({
    code: 'POOLER_SAFE_BAD_OPTION',
  })
  class NativeLike {
    query(): void {}
  }
  expect(thrown(() => new SafePool({ connectionString: url, Client: NativeLike as never }))).toMatchObject({
    code: 'POOLER_SAFE_NATIVE_BINDINGS',
  })
  class Own extends SafeClient {}
  expect(() => new SafePool({ connectionString: url, Client: Own })).not.toThrow()
})

test('I9: the start-up packet holds nothing that a pooler refuses', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  let startup = ''
  proxy.onRequest = (chunk) => {
    startup ||= chunk.subarray(8).toString('utf8')
    return true
  }
  const pool = new SafePool({ connectionString: proxy.url, application_name: 'shop', query_timeout: 5_000 })
  await pool.query('select 1')
  await pool.end()
  const words = startup.split('\0').filter(Boolean)
  expect(words.filter((_, index) => index % 2 === 0)).toEqual([
    'user',
    'database',
    'application_name',
    'client_encoding',
  ])
})

test('I9: a start-up parameter that is set after construction is not sent either', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  class Meddling extends SafeClient {
    constructor(config?: SafeClientConfig) {
      super(config)
      Object.assign((this as unknown as { connectionParameters: object }).connectionParameters, {
        statement_timeout: 5_000,
        options: '-c search_path=shop',
      })
    }
  }
  const pool = new SafePool({ connectionString: proxy.url, Client: Meddling })
  // The pooler would refuse the start-up packet.
  expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  await pool.end()
})

test('I9: URL options given as text are read like those of an object', () => {
  expect(thrown(() => new SafeClient(`${url}?binary=true`))).toMatchObject({ code: 'POOLER_SAFE_UNSAFE_OPTION' })
  expect(thrown(() => new SafePool(url as never))).toMatchObject({
    code: 'POOLER_SAFE_BAD_OPTION',
    hint: expect.stringContaining('connectionString'),
  })
})
