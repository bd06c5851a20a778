import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/index.ts'
import { configPoolers, type ConfigDriver } from '../../src/config/profile.ts'
import { only, pool, said } from './said.ts'

const direct = { pooler: 'direct' } as const

describe('pg ignores parameters of other drivers, and says whose they are', () => {
  it.each([
    ['pgbouncer=true', 'Prisma'],
    ['prepare=false', 'postgres.js'],
    ['prepared_statements=false', 'other drivers'],
    ['statement_cache_size=0', 'asyncpg'],
    ['prepared_statement_cache_size=0', 'SQLAlchemy'],
    ['prepareThreshold=0', 'pgJDBC'],
    ['default_query_exec_mode=exec', 'pgx'],
    ['max_pipeline=0', 'postgres.js'],
    ['connection_limit=1', '`max`'],
    ['pool_timeout=5', '`connectionTimeoutMillis`'],
    ['connect_timeout=5', '`connectionTimeoutMillis`'],
    ['socket_timeout=5', '`query_timeout`'],
    ['schema=a', 'Qualify'],
    ['currentSchema=a', 'Qualify'],
    ['search_path=a', 'SET LOCAL'],
    ['target_session_attrs=read-write', 'pg_is_in_recovery()'],
    ['max=5', 'options object'],
    ['idleTimeoutMillis=5', 'options object'],
    ['keepAlive=true', 'options object'],
    ['pipeline=true', 'options object'],
    ['binary=true', 'options object'],
    ['enableChannelBinding=true', 'options object'],
    ['no_such_thing=1', 'no code reads it'],
  ])('%s', (parameter, words) => {
    const finding = only(`postgres://h/d?${parameter}`, direct)
    const key = parameter.slice(0, parameter.indexOf('='))
    expect(finding).toMatchObject({
      hazard: 'url-flag-folklore',
      key,
      where: 'url',
      severity: 'wrong',
      certainty: 'source',
    })
    expect(finding.message).toContain(`"${key}"`)
    expect(finding.message).toContain(words)
  })

  it('but says nothing about those that it reads', () => {
    const url =
      'postgres://h/d?user=u&password=p&host=h&port=5&sslmode=verify-full&sslrootcert=c&sslcert=c&sslkey=k&' +
      'uselibpqcompat=true&application_name=a&client_encoding=utf8&statement_timeout=1'
    expect(said(url, direct)).toEqual([])
  })

  it('channel_binding has a hazard of its own, unless the options turn it on', () => {
    expect(only('postgres://h/d?channel_binding=require', direct)).toMatchObject({
      hazard: 'scram-channel-binding',
      key: 'channel_binding',
      severity: 'wrong',
    })
    const on = pool({ connectionString: 'postgres://h/d?channel_binding=require', enableChannelBinding: true })
    expect(said(on, direct)).toEqual([])
  })

  it('ssl=false turns TLS on', () => {
    expect(only('postgres://db.example.com/d?ssl=false', direct)).toMatchObject({
      hazard: 'url-flag-folklore',
      key: 'ssl',
    })
  })
})

describe('Prisma', () => {
  const profile = { driver: 'prisma' } as const
  const url = 'postgresql://u.t:p@a.pooler.supabase.com:6543/d'

  it('needs no pgbouncer=true with driver adapters', () => {
    expect(only(`${url}?pgbouncer=true`, profile)).toMatchObject({ hazard: 'url-flag-folklore', key: 'pgbouncer' })
  })

  it('up to 6 names its statements behind a transaction-mode pooler', () => {
    expect(only(url, profile)).toMatchObject({ hazard: 'named-parse', key: 'connectionString', severity: 'error' })
    expect(said('postgresql://db.example.com/d', profile)).toEqual([])
    expect(said(url, { ...profile, purpose: 'session' })).toEqual(['wrong-port port url'])
  })

  it('ignores statement_cache_size with driver adapters', () => {
    expect(said('postgresql://h/d?statement_cache_size=0', profile)).toEqual([
      'url-flag-folklore statement_cache_size url',
    ])
  })

  it('takes the URLs of its own service', () => {
    expect(said('prisma+postgres://accelerate.example/?api_key=x', profile)).toEqual([])
  })
})

describe('wrong ports and hosts', () => {
  const session = { purpose: 'session' } as const
  it.each([
    ['postgres://u.t@a.pooler.supabase.com:5432/d', {}, 'wrong-port port url'],
    ['postgres://u.t@a.pooler.supabase.com/d', {}, 'wrong-port port url'],
    ['postgres://u.t@a.pooler.supabase.com:6543/d', session, 'wrong-port port url'],
    ['postgres://u@ep-a-pooler.eu.aws.neon.tech/d', session, 'wrong-port host url'],
    ['postgres://u@pooled.db.prisma.io/d', session, 'wrong-port host url'],
    ['postgres://u@a.proxy-b.eu.rds.amazonaws.com/d', session, 'wrong-port host url'],
    ['postgres://u@a.postgres.database.azure.com:6432/d', session, 'wrong-port port url'],
    ['postgres://u@h:6543/d', session, 'wrong-port port url'],
    ['postgres://u@h/d?pgbouncer=true', session, 'wrong-port port url'],
    ['postgres://u@a.pooler.supabase.com:6543/d', {}, 'tenant-routing user url'],
  ])('%s as %j', (url, profile, expected) => {
    expect(said(url, profile)).toContain(expected)
  })

  it.each([
    ['postgres://u.t@a.pooler.supabase.com:6543/d', {}],
    ['postgres://u.t@a.pooler.supabase.com:5432/d', session],
    ['postgres://u@a.pooler.supabase.com:6543/d?options=reference%3Dt', {}],
    ['postgres://u@ep-a-pooler.eu.aws.neon.tech/d', {}],
    ['postgres://u@ep-a.eu.aws.neon.tech/d', session],
    ['postgres://u@db.example.com/d', {}],
    ['postgres://u@db.example.com/d', session],
    ['/run/postgresql', {}],
    ['socket:/run/postgresql?db=d', {}],
  ])('%s as %j is fine', (url, profile) => {
    expect(said(url, profile)).toEqual([])
  })

  it('in options', () => {
    const config = pool({ host: 'a.pooler.supabase.com', port: 5432, user: 'u' })
    expect(said(config)).toEqual(['tenant-routing user options', 'wrong-port port options'])
  })

  it('an address in the URL wins under pg, one in the options under postgres.js', () => {
    const config = pool({ connectionString: 'postgres://u.t@a.pooler.supabase.com:5432/d', host: 'h', port: 5432 })
    expect(said(config)).toContain('wrong-port port url')
    expect(said({ ...config, max: 5 }, { driver: 'postgres.js' }).join()).not.toContain('wrong-port')
  })

  it('the message names the other mode', () => {
    const [finding] = checkConfig('postgres://u.t@a.pooler.supabase.com:5432/d')
    expect(finding?.message).toContain('port 6543 is in transaction mode')
  })
})

describe('URLs that cannot be read, or not be trusted', () => {
  it.each([
    ['', 'wrong-port'],
    ['db.example.com', 'wrong-port'],
    ['h:5432/d', 'wrong-port'],
    ['jdbc:postgresql://h/d', 'wrong-port'],
    ['mysql://h/d', 'wrong-port'],
    ['https://h/d', 'wrong-port'],
    ['postgres://u:p/w@h/d', 'wrong-port'],
    ['postgres://u:1/w@h/d', 'tenant-routing'],
    ['postgres://u:1?w@h/d', 'tenant-routing'],
    ['postgres://u:1?w=x@h/d', 'tenant-routing'],
    ['postgres://u:1#w@h/d', 'tenant-routing'],
    ['postgres://u:p@h/d#x', 'tenant-routing'],
    ['postgres://u:p@h/d?statement_timeout=1#x', 'tenant-routing'],
    ['postgres://u:p@x?a=b@h/d', 'tenant-routing'],
    ['postgres://u:p@h/d?a%20b=c', 'tenant-routing'],
    ['postgres://h/d?user=u&password=a&b', 'tenant-routing'],
  ])('%j', (url, hazard) => {
    expect(only(url)).toMatchObject({ hazard, key: 'connectionString', severity: 'error' })
    expect(only(pool({ connectionString: url || ' ' }))).toMatchObject({ hazard })
    expect(only(url).message).toMatch(/percent-encode/)
  })

  it.each([undefined, null, 1, [], () => 1])('%j instead of options', (value) => {
    expect(() => checkConfig(value as unknown as string)).not.toThrow()
  })
})

describe('passwords', () => {
  const drivers: readonly ConfigDriver[] = ['pg', 'postgres.js', 'prisma']
  const secret = fc
    .string({ minLength: 0, maxLength: 12, unit: fc.constantFrom(...Array.from('aZ09@:/?#&=%+ []')) })
    .map((text) => `Hush${text}hsuH`)
  const shapes: readonly ((password: string) => Parameters<typeof checkConfig>[0])[] = [
    (password) => `postgres://app:${password}@a.pooler.supabase.com:5432/d?pgbouncer=true`,
    (password) => `postgres://app:${encodeURIComponent(password)}@h:6543/d?sslmode=require`,
    (password) => `postgres://h:5432/d?user=app&password=${password}&statement_timeout=1`,
    (password) => `postgres://app:${password}`,
    (password) => password,
    (password) => ({ user: 'app', password, host: 'h', statement_timeout: 1, max: 100 }),
    (password) => ({ connectionString: `postgres://app:${password}@h/d`, password }),
    (password) => ({ connection: { password, statement_timeout: password } }),
    (password) => ({ ssl: { key: password, passphrase: password, rejectUnauthorized: false } }),
    (password) => ({ options: `-c app.key=${password}` }),
  ]

  it('never stand in a finding', () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...shapes),
        fc.constantFrom(...drivers),
        fc.constantFrom(...configPoolers),
        (password, shape, driver, pooler) => {
          const shown = JSON.stringify(checkConfig(shape(password), { driver, pooler }))
          expect(shown).not.toContain('Hush')
          expect(shown).not.toContain('hsuH')
        },
      ),
      { seed: 20261125, numRuns: 5_000 },
    )
  })

  it('a raw & in one is pointed out without naming what follows', () => {
    const url = 'postgres://h/d?password=Hush&hsuH=1'
    expect(only(url, direct)).toMatchObject({ hazard: 'url-flag-folklore', key: 'password' })
    const postgres = said(url, { driver: 'postgres.js', pooler: 'pgbouncer-1.25' })
    expect(postgres).toContain('startup-param-rejected password url')
    expect(postgres.join()).not.toContain('hsuH')
  })
})
