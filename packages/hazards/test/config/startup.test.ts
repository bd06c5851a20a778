import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/index.ts'
import { configPoolers, type ConfigPooler } from '../../src/config/profile.ts'
import { settingsInOptions } from '../../src/config/startup-parameters.ts'
import { only, pool, said } from './said.ts'

const refused = { hazard: 'startup-param-rejected', severity: 'error' } as const
const ignored = { hazard: 'startup-param-ignored', severity: 'wrong' } as const
const leaks = { hazard: 'session-set', severity: 'leak' } as const
const ownPool = { hazard: 'search-path-startup', severity: 'perf' } as const
const unnamed = { hazard: 'attribution', severity: 'perf' } as const
const direct = { hazard: 'replication-connection', severity: 'error' } as const
const fine = undefined

type Fate = { readonly hazard: string; readonly severity: string; readonly certainty?: string } | undefined

const timeouts = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'] as const

/** What each pooler does with each parameter: the columns are a timeout, search_path, another one, the name, DateStyle. */
const fates: Readonly<Record<ConfigPooler, readonly [Fate, Fate, Fate, Fate, Fate]>> = {
  'pgbouncer-1.18': [refused, refused, refused, fine, refused],
  'pgbouncer-1.25': [refused, refused, refused, fine, fine],
  supavisor: [ignored, ownPool, ignored, unnamed, ignored],
  odyssey: [leaks, leaks, ignored, fine, fine],
  pgagroal: [ignored, ignored, ignored, unnamed, ignored],
  pgdog: [fine, fine, fine, fine, fine],
  neon: [ignored, refused, ignored, fine, fine],
  direct: [fine, fine, fine, fine, fine],
  unknown: [refused, refused, refused, fine, fine],
}

describe.each(configPoolers)('%s', (pooler) => {
  const [timeout, searchPath, other, name, tracked] = fates[pooler]
  const expectFate = (config: Parameters<typeof checkConfig>[0], key: string, where: string, fate: Fate): void => {
    const findings = checkConfig(config, { pooler })
    expect(findings).toMatchObject(fate ? [{ ...fate, key, where }] : [])
  }

  it.each(timeouts)('%s in the options and in the URL', (key) => {
    expectFate(pool({ [key]: 5_000 }), key, 'options', timeout)
    expectFate(`postgres://h/d?${key}=5000`, key, 'url', timeout)
    // pg leaves out zero, but a URL knows only the text "0".
    expectFate(pool({ [key]: 0 }), key, 'options', fine)
    expectFate(pool({ [key]: false }), key, 'options', fine)
    expectFate(`postgres://h/d?${key}=0`, key, 'url', timeout)
  })

  it('settings inside of `options`', () => {
    const whole = pooler === 'pgbouncer-1.18' ? refused : undefined
    const rows: readonly (readonly [string, Fate])[] = [
      ['-c statement_timeout=5s', timeout],
      ['-clock_timeout=5s', timeout],
      ['--idle-session-timeout=5s', timeout],
      ['-c search_path=a', searchPath],
      ['-c extra_float_digits=1', other],
      ['-c app.tenant=1', other],
      ['-c DateStyle=ISO', tracked],
    ]
    for (const [text, fate] of rows) {
      expectFate(pool({ options: text }), 'options', 'options', whole ?? fate)
      expectFate(`postgres://h/d?options=${encodeURIComponent(text)}`, 'options', 'url', whole ?? fate)
    }
  })

  it('the name of the application', () => {
    expectFate(pool({ application_name: 'a' }), 'application_name', 'options', name)
    expectFate('postgres://h/d?application_name=a', 'application_name', 'url', name)
    expectFate(pool({ fallback_application_name: 'a' }), 'fallback_application_name', 'options', name)
    expectFate(pool({ fallback_application_name: 'a', application_name: 'b' }), 'application_name', 'options', name)
  })

  it('replication', () => {
    const expected = pooler === 'direct' ? fine : direct
    expectFate(pool({ replication: 'database' }), 'replication', 'options', expected)
    expectFate('postgres://h/d?replication=database', 'replication', 'url', expected)
  })

  it('what is not a start-up parameter', () => {
    expect(said(pool({ idleTimeoutMillis: 10_000, max: 5, ssl: true, user: 'u', database: 'd' }), { pooler })).toEqual(
      [],
    )
  })
})

it('claims to have measured only what was measured', () => {
  const certainty = (pooler: ConfigPooler, options: string) =>
    checkConfig(`postgres://h/d?options=-c%20${options}=1`, { pooler })[0]?.certainty
  expect(certainty('pgbouncer-1.25', 'statement_timeout')).toBe('measured')
  expect(certainty('odyssey', 'statement_timeout')).toBe('measured')
  expect(certainty('supavisor', 'search_path')).toBe('measured')
  expect(certainty('supavisor', 'timezone')).toBe('source')
  expect(certainty('neon', 'statement_timeout')).toBe('reported')
  expect(certainty('unknown', 'statement_timeout')).toBe('inferred')
})

it('the URL overrides the options, as it does in pg', () => {
  const config = pool({ connectionString: 'postgres://h/d?statement_timeout=1', statement_timeout: 2 })
  expect(said(config, { pooler: 'supavisor' })).toEqual(['startup-param-ignored statement_timeout url'])
})

it('several settings in `options` are several findings', () => {
  const config = 'postgres://h/d?options=-c%20search_path%3Da%20-c%20statement_timeout%3D1'
  expect(said(config, { pooler: 'supavisor' })).toEqual([
    'search-path-startup options url',
    'startup-param-ignored options url',
  ])
})

it('every message says what to do instead', () => {
  for (const pooler of configPoolers) {
    for (const { message } of checkConfig('postgres://h/d?statement_timeout=1', { pooler })) {
      expect(message).toContain('"statement_timeout"')
      expect(message).toContain('set it per transaction with set_config(name, value, true)')
    }
  }
})

it.each([
  ['', []],
  ['-c a=1', ['a']],
  ['-ca=1 -c b=2', ['a', 'b']],
  ['--search-path=a', ['search_path']],
  [String.raw`-c a=x\ y -c b=1`, ['a', 'b']],
  ['-c', []],
  ['-c a', []],
  ['endpoint=ep-1', []],
  ['reference=abc', []],
  ['-d 5 -c a=1', ['a']],
  ['\\', []],
])('the settings in %j are %j', (text, names) => {
  expect(settingsInOptions(text)).toEqual(names)
})

describe('postgres.js', () => {
  const profile = { driver: 'postgres.js', pooler: 'pgbouncer-1.25' } as const
  const settled = { prepare: false, fetch_types: false }
  const postgres = (more: Readonly<Record<string, unknown>>) => ({ ...settled, ...more })

  it('sends everything in `connection`', () => {
    const config = postgres({
      connection: { statement_timeout: 1, current_user_id: 1, application_name: 'a', x: undefined },
    })
    expect(said(config, profile)).toEqual([
      'startup-param-rejected connection.statement_timeout options',
      'startup-param-rejected connection.current_user_id options',
    ])
    expect(said(postgres({ connection: { options: '-c search_path=a' } }), profile)).toEqual([
      'startup-param-rejected connection.options options',
    ])
  })

  it('sends every URL parameter that it does not know', () => {
    const url =
      'postgres://h/d?prepare=false&fetch_types=false&max=5&pgbouncer=true&sslrootcert=system&sslmode=verify-full'
    expect(said(url, profile)).toEqual([
      'startup-param-rejected pgbouncer url',
      'startup-param-rejected sslrootcert url',
    ])
    expect(said(url, { ...profile, pooler: 'supavisor' })).toContain('startup-param-ignored pgbouncer url')
  })

  it('the URL overrides `connection`', () => {
    const config = postgres({ url: 'postgres://h/d?search_path=a', connection: { search_path: 'b' } })
    expect(said(config, profile)).toEqual(['startup-param-rejected search_path url'])
  })

  it('does not send options of its own, nor those of pg', () => {
    expect(said(postgres({ statement_timeout: 1, options: '-c a=1', application_name: 'a' }), profile)).toEqual([])
  })
})

it('the engine of Prisma sends `options` and the name of the application only', () => {
  const profile = { driver: 'prisma', pooler: 'supavisor', purpose: 'session' } as const
  expect(said('postgresql://h/d?options=-c%20a%3D1&application_name=x&statement_timeout=1', profile)).toEqual([
    'startup-param-ignored options url',
    'attribution application_name url',
  ])
  expect(only('postgresql://h/d?application_name=x', profile).certainty).toBe('measured')
})
