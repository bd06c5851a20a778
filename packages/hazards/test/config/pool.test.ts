import { describe, expect, it } from 'vitest'
import { checkConfig, type ConfigProfile } from '../../src/index.ts'
import { pool, said } from './said.ts'

const pooled = { pooler: 'supavisor' } as const
const direct = { pooler: 'direct' } as const

describe('options of pg and its pool', () => {
  it.each<[Readonly<Record<string, unknown>>, ConfigProfile, string[]]>([
    [pool({}), pooled, []],
    [{ connectionTimeoutMillis: 5_000 }, pooled, ['idle-timeouts-mismatch keepAlive options']],
    [{ connectionTimeoutMillis: 5_000 }, direct, []],
    [{ keepAlive: true }, pooled, ['checkout-timeouts connectionTimeoutMillis options']],
    [{ keepAlive: true }, direct, ['checkout-timeouts connectionTimeoutMillis options']],
    [pool({ connectionTimeoutMillis: 0 }), direct, ['checkout-timeouts connectionTimeoutMillis options']],
    [pool({ connectionTimeoutMillis: 60_000 }), pooled, ['checkout-timeouts connectionTimeoutMillis options']],
    [pool({ connectionTimeoutMillis: 59_999 }), pooled, []],
    [pool({ connectionTimeoutMillis: 60_000 }), { pooler: 'pgbouncer-1.25' }, []],
    [
      pool({ connectionTimeoutMillis: 120_000 }),
      { pooler: 'pgbouncer-1.25' },
      ['checkout-timeouts connectionTimeoutMillis options'],
    ],
    [pool({ connectionTimeoutMillis: 120_000 }), direct, []],
    [pool({ idleTimeoutMillis: 0 }), pooled, ['idle-timeouts-mismatch idleTimeoutMillis options']],
    [pool({ idleTimeoutMillis: 600_000 }), pooled, ['idle-timeouts-mismatch idleTimeoutMillis options']],
    [pool({ idleTimeoutMillis: 240_000 }), pooled, []],
    [pool({ query_timeout: 5_000 }), pooled, ['query-timeout-client-only query_timeout options']],
    [pool({ query_timeout: 0 }), pooled, []],
    [
      pool({ connectionString: 'postgres://h/d?query_timeout=1' }),
      pooled,
      ['query-timeout-client-only query_timeout url'],
    ],
    // Only where the server really gets the limit is the pair complete.
    [pool({ query_timeout: 5_000, statement_timeout: 4_000 }), direct, []],
    [
      pool({ query_timeout: 5_000, statement_timeout: 4_000 }),
      pooled,
      ['startup-param-ignored statement_timeout options', 'query-timeout-client-only query_timeout options'],
    ],
    [pool({ max: 51 }), pooled, ['double-pool-sizing max options']],
    [pool({ max: 50 }), pooled, []],
    [pool({ poolSize: 51 }), pooled, ['double-pool-sizing poolSize options']],
    [pool({ min: 1 }), pooled, ['double-pool-sizing min options']],
    [pool({ min: 0 }), pooled, []],
    [pool({ maxLifetimeSeconds: 30 }), pooled, ['max-uses-and-lifetime-churn maxLifetimeSeconds options']],
    [pool({ maxLifetimeSeconds: 0 }), pooled, []],
    [pool({ maxLifetimeSeconds: 1_800 }), pooled, []],
    [pool({ maxUses: 1 }), pooled, ['max-uses-and-lifetime-churn maxUses options']],
    [pool({ maxUses: 0 }), pooled, []],
    [pool({ maxUses: 7_500 }), pooled, []],
    [pool({ allowExitOnIdle: true }), pooled, ['allow-exit-on-idle allowExitOnIdle options']],
    [pool({ onConnect: () => undefined }), pooled, ['on-connect-setup onConnect options']],
    [pool({ verify: () => undefined }), pooled, ['on-connect-setup verify options']],
    [pool({ afterCreate: () => undefined }), pooled, ['on-connect-setup afterCreate options']],
    [pool({ onConnect: () => undefined }), direct, []],
    [pool({ pipeline: true }), pooled, ['sync-pipelining pipeline options']],
    [pool({ pipeline: true }), direct, []],
    [pool({ pipeline: false, binary: false, native: false }), pooled, []],
    [pool({ binary: true }), direct, ['client-encoding-datestyle binary options']],
    [pool({ native: true }), pooled, ['named-parse native options']],
  ])('%j for %j → %j', (config, profile, expected) => {
    expect(said(config, profile)).toEqual(expected)
  })

  it('count as behind a pooler unless the address or the profile says otherwise', () => {
    expect(said(pool({ host: 'h', pipeline: true }))).toEqual(['sync-pipelining pipeline options'])
    expect(said(pool({ host: 'ep-a.eu.aws.neon.tech', pipeline: true }))).toEqual([])
    const session = pool({ host: 'a.pooler.supabase.com', user: 'u.t', pipeline: true })
    expect(said(session, { purpose: 'session' })).toEqual([])
  })

  it('a URL alone says nothing about the pool', () => {
    expect(said('postgres://h/d', pooled)).toEqual([])
  })

  it('pipelining was measured where it hangs', () => {
    const certainty = (profile: ConfigProfile) => checkConfig(pool({ pipeline: true }), profile)[0]?.certainty
    expect(certainty({ pooler: 'supavisor' })).toBe('measured')
    expect(certainty({ pooler: 'pgagroal' })).toBe('measured')
    expect(certainty({ pooler: 'pgdog' })).toBe('reported')
  })
})

describe('options of postgres.js', () => {
  const on = (pooler: ConfigProfile['pooler']): ConfigProfile => ({ driver: 'postgres.js', ...(pooler && { pooler }) })
  it.each<[Readonly<Record<string, unknown>> | string, ConfigProfile, string[]]>([
    [{ fetch_types: false }, on('pgbouncer-1.25'), []],
    [{}, on('pgbouncer-1.25'), ['fetch-types-on-connect fetch_types options']],
    [{ fetch_types: false }, on('pgbouncer-1.18'), ['named-parse prepare options']],
    [{ fetch_types: false, prepare: false }, on('pgbouncer-1.18'), []],
    ['postgres://h/d?prepare=false&fetch_types=false', on('pgbouncer-1.18'), []],
    ['postgres://h/d?prepare=true&fetch_types=false', on('pgbouncer-1.18'), ['named-parse prepare url']],
    // The object wins.
    [{ url: 'postgres://h/d?prepare=true', prepare: false, fetch_types: false }, on('pgbouncer-1.18'), []],
    [{ prepare: false, fetch_types: false }, on('supavisor'), ['sync-pipelining max_pipeline options']],
    [
      { prepare: false, fetch_types: false, max: 1, max_pipeline: 1 },
      on('supavisor'),
      ['sync-pipelining max_pipeline options', 'double-pool-sizing max options'],
    ],
    [{ prepare: false, fetch_types: false, max: 1 }, on('pgbouncer-1.25'), []],
    [
      { prepare: false, fetch_types: false, max_pipeline: 0 },
      on('supavisor'),
      ['begin-not-reserved max_pipeline options'],
    ],
    [
      'postgres://h/d?max_pipeline=0&prepare=false&fetch_types=false',
      on('odyssey'),
      ['begin-not-reserved max_pipeline url'],
    ],
    [{}, on('direct'), []],
  ])('%j for %j → %j', (config, profile, expected) => {
    expect(said(config, profile)).toEqual(expected)
  })

  it('hangs were measured with named statements, and only reported without', () => {
    const certainty = (prepare: boolean) =>
      checkConfig({ prepare, fetch_types: false }, on('supavisor')).find(({ key }) => key === 'max_pipeline')?.certainty
    expect(certainty(true)).toBe('measured')
    expect(certainty(false)).toBe('reported')
  })
})
