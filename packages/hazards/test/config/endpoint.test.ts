import { describe, expect, it } from 'vitest'
import { describeEndpoint } from '../../src/index.ts'

describe('describeEndpoint', () => {
  it.each([
    ['postgres://u.t@aws-0-eu.pooler.supabase.com:6543/d', 'supabase', 'supavisor', 'transaction', 'documented'],
    ['postgres://u.t@aws-0-eu.pooler.supabase.com:5432/d', 'supabase', 'supavisor', 'session', 'documented'],
    ['postgres://u.t@aws-0-eu.pooler.supabase.com/d', 'supabase', 'supavisor', 'session', 'documented'],
    ['postgres://u.t@aws-0-eu.pooler.supabase.com:7000/d', 'supabase', 'supavisor', 'unknown', 'inferred'],
    ['postgres://u@db.abc.supabase.co:5432/d', 'supabase', undefined, 'direct', 'documented'],
    ['postgres://u@db.abc.supabase.co:6543/d', 'supabase', 'pgbouncer', 'transaction', 'documented'],
    ['postgres://u@ep-cool-1-pooler.eu.aws.neon.tech/d', 'neon', 'neon', 'transaction', 'documented'],
    ['postgres://u@ep-cool-1.eu.aws.neon.tech/d', 'neon', undefined, 'direct', 'documented'],
    ['postgres://u@pooled.db.prisma.io/d', 'prisma-postgres', 'pgbouncer', 'transaction', 'documented'],
    ['postgres://u@db.prisma.io/d', 'prisma-postgres', undefined, 'direct', 'documented'],
    ['postgres://u@a.proxy-b.eu-west-1.rds.amazonaws.com/d', 'amazon-rds', 'rds-proxy', 'transaction', 'documented'],
    ['postgres://u@a.b.eu-west-1.rds.amazonaws.com/d', 'amazon-rds', undefined, 'direct', 'documented'],
    ['postgres://u@a.postgres.database.azure.com:6432/d', 'azure', 'pgbouncer', 'transaction', 'inferred'],
    ['postgres://u@a.postgres.database.azure.com/d', 'azure', undefined, 'direct', 'documented'],
    ['postgres://u@a.db.ondigitalocean.com:25061/d', 'digitalocean', 'pgbouncer', 'transaction', 'inferred'],
    ['postgres://u@p.a.db.postgresbridge.com:5431/d', 'crunchy-bridge', 'pgbouncer', 'transaction', 'inferred'],
    ['postgres://u@a.psdb.cloud:6432/d', 'planetscale', 'pgbouncer', 'transaction', 'inferred'],
    ['postgres://u@pgbouncer:5432/d', undefined, 'pgbouncer', 'unknown', 'inferred'],
    ['postgres://u@odyssey.local/d', undefined, 'odyssey', 'unknown', 'inferred'],
    ['postgres://u@h:6432/d', undefined, 'pgbouncer', 'unknown', 'inferred'],
    ['postgres://u@h:6543/d', undefined, 'supavisor', 'transaction', 'inferred'],
    ['postgres://u@h/d?pgbouncer=true', undefined, undefined, 'transaction', 'inferred'],
    ['postgres://u@h/d', undefined, undefined, 'unknown', 'inferred'],
    // Other people's hosts that only look alike.
    ['postgres://u@evil-pooler.supabase.com.example.org:6543/d', undefined, 'supavisor', 'transaction', 'inferred'],
    ['postgres://u@notneon.tech/d', undefined, undefined, 'unknown', 'inferred'],
    ['postgres://u@EP-A-POOLER.EU.AWS.NEON.TECH/d', 'neon', 'neon', 'transaction', 'documented'],
    ['postgres://u@h/d?host=ep-a-pooler.eu.aws.neon.tech', 'neon', 'neon', 'transaction', 'documented'],
    ['postgres://u@a.pooler.supabase.com,b.example/d', 'supabase', 'supavisor', 'session', 'documented'],
  ])('%s', (url, provider, pooler, expectedMode, certainty) => {
    const found = describeEndpoint(url)
    expect([found.provider, found.pooler, found.expectedMode, found.certainty]).toEqual([
      provider,
      pooler,
      expectedMode,
      certainty,
    ])
  })

  it('notices a user name without a tenant', () => {
    const tenantless = (url: string) => describeEndpoint(url).missingTenant === true
    expect(tenantless('postgres://postgres@a.pooler.supabase.com:6543/d')).toBe(true)
    expect(tenantless('postgres://postgres.abc@a.pooler.supabase.com:6543/d')).toBe(false)
    expect(tenantless('postgres://postgres%2Eabc@a.pooler.supabase.com:6543/d')).toBe(false)
    expect(tenantless('postgres://postgres@a.pooler.supabase.com:6543/d?options=reference%3Dabc')).toBe(false)
    expect(tenantless('postgres://postgres@db.example.com/d')).toBe(false)
  })

  it('knows nothing of what it cannot read, and tells no part of it', () => {
    const unknown = { expectedMode: 'unknown', certainty: 'inferred', port: 5432 }
    for (const url of [
      '',
      'h',
      'postgres://',
      'postgres://u:1/w@h/d',
      'postgres://u:x/w@h/d',
      'postgres://u:p@h/d#x',
    ]) {
      expect(describeEndpoint(url)).toEqual(unknown)
    }
  })
})
