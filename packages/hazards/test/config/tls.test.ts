import { describe, expect, it } from 'vitest'
import { checkConfig, type ConfigFinding } from '../../src/index.ts'
import { pool, said } from './said.ts'

const direct = { pooler: 'direct' } as const
const js = { driver: 'postgres.js', pooler: 'direct' } as const
const h = 'postgres://db.example.com/d'

/** The findings about TLS as `key where severity`. */
function tls(findings: readonly ConfigFinding[]): string[] {
  return findings
    .filter(({ hazard }) => hazard === 'tls-downgrade')
    .map(({ key, where, severity }) => `${key} ${where} ${severity}`)
}

describe('pg', () => {
  it.each<[Parameters<typeof checkConfig>[0], string[]]>([
    [`${h}?sslmode=verify-full`, []],
    [`${h}?sslmode=no-verify`, ['sslmode url leak']],
    [`${h}?ssl=no-verify`, ['ssl url leak']],
    [`${h}?sslmode=disable`, ['sslmode url leak']],
    [`${h}?ssl=0`, ['ssl url leak']],
    [`${h}?ssl=false`, []],
    [`${h}?ssl=true`, []],
    [`${h}?sslmode=require`, ['sslmode url wrong']],
    [`${h}?sslmode=prefer`, ['sslmode url wrong']],
    [`${h}?sslmode=verify-ca&sslrootcert=c`, ['sslmode url wrong']],
    [`${h}?sslmode=require&uselibpqcompat=true`, ['sslmode url leak']],
    [`${h}?sslmode=prefer&uselibpqcompat=true`, ['sslmode url leak']],
    [`${h}?sslmode=require&sslrootcert=c&uselibpqcompat=true`, []],
    [pool({ host: 'db.example.com', ssl: true }), []],
    [pool({ host: 'db.example.com', ssl: { ca: 'c' } }), []],
    [pool({ host: 'db.example.com', ssl: { rejectUnauthorized: false } }), ['ssl options leak']],
    [pool({ host: 'db.example.com', ssl: 'no-verify' }), ['ssl options leak']],
    [pool({ host: 'db.example.com', ssl: false }), ['ssl options leak']],
    [pool({ connectionString: `${h}?sslmode=verify-full`, ssl: { ca: 'c' } }), ['sslmode url wrong']],
    [pool({ connectionString: `${h}?ssl=true`, ssl: { ca: 'c' } }), ['ssl url wrong']],
    [pool({ connectionString: `${h}?sslnegotiation=direct`, ssl: { ca: 'c' } }), ['sslnegotiation url wrong']],
    // The URL replaces the object, and turns verification back on.
    [pool({ connectionString: `${h}?sslmode=verify-full`, ssl: { rejectUnauthorized: false } }), ['sslmode url wrong']],
    [pool({ connectionString: `${h}?sslmode=verify-full`, ssl: false }), []],
    [pool({ connectionString: h, ssl: false }), ['ssl options leak']],
    ['postgres://localhost/d?sslmode=disable', []],
    ['postgres://127.0.0.1/d?sslmode=disable', []],
    ['postgres://[::1]/d?sslmode=disable', []],
    ['postgres://db/d?sslmode=disable', []],
    ['postgres://u:p@%2Frun%2Fpg/d?sslmode=disable', []],
  ])('%j → %j', (config, expected) => {
    expect(tls(checkConfig(config, direct))).toEqual(expected)
  })
})

describe('postgres.js', () => {
  it.each<[Parameters<typeof checkConfig>[0], string[]]>([
    [`${h}?sslmode=require`, ['sslmode url leak']],
    [`${h}?ssl=prefer`, ['ssl url leak']],
    [`${h}?sslmode=verify-full`, []],
    [`${h}?sslmode=disable`, ['sslmode url leak']],
    [`${h}?ssl=false`, ['ssl url leak']],
    [`${h}?sslmode=require&sslrootcert=system`, []],
    [{ host: 'db.example.com', ssl: 'require' }, ['ssl options leak']],
    [{ host: 'db.example.com', ssl: 'verify-full' }, []],
    [{ host: 'db.example.com', ssl: { rejectUnauthorized: false } }, ['ssl options leak']],
    [{ host: 'db.example.com', ssl: false }, ['ssl options leak']],
    [{ url: `${h}?sslmode=require`, ssl: 'verify-full' }, []],
  ])('%j → %j', (config, expected) => {
    expect(tls(checkConfig(config, js))).toEqual(expected)
  })
})

it('Prisma reads its own parameters, which are not judged', () => {
  expect(said(`${h}?sslmode=require`, { driver: 'prisma', pooler: 'direct' })).toEqual([])
})
