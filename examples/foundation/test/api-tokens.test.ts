import { useTestDatabase } from '@pooler-safe/tests/support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  authenticate,
  createApiToken,
  createTenant,
  foundationMigrations,
  listApiTokens,
  migrate,
  newId,
  openDatabase,
  requireScope,
  revokeApiToken,
  silentLogger,
  type TenantId,
} from '../src/index.ts'
import type { Database } from 'pooler-safe'

const logger = silentLogger()
const database = useTestDatabase({
  template: 'foundation',
  prepare: async (directUrl) => {
    await migrate({ directUrl, sets: [foundationMigrations], logger })
  },
})
let pooled: Database
let tenant: TenantId
let other: TenantId

beforeAll(async () => {
  pooled = openDatabase({ url: database.pooledUrl, applicationName: 'tokens', max: 8, wireGuard: true, logger })
  tenant = await createTenant(pooled, 'tenant')
  other = await createTenant(pooled, 'other')
})
afterAll(() => pooled.close())

const scopes = ['jobs:read', 'jobs:write']
const invalid = expect.objectContaining({ code: 'TOKEN_INVALID', message: 'The token is not valid.' }) as Error

describe('a token', () => {
  test('tells whose request it is and what it may do', async () => {
    const { id, token } = await createApiToken(pooled, { tenant, name: 'dashboard', scopes })
    const found = await authenticate(pooled, token)
    expect(found).toEqual({ tenant, tokenId: id, scopes })
    requireScope(found, 'jobs:read')
    expect(() => requireScope(found, 'places:write')).toThrow(expect.objectContaining({ code: 'SCOPE_MISSING' }))
    requireScope({ ...found, scopes: ['*'] }, 'places:write')
  })

  test('is nowhere in the database', async () => {
    const { token } = await createApiToken(pooled, { tenant, name: 'secret', scopes })
    const rows = await database.query('select * from api_tokens')
    const text = JSON.stringify(rows, (_key, value: unknown) =>
      Buffer.isBuffer(value) ? value.toString('utf8') : value,
    )
    expect(text).not.toContain(token)
    expect(text).not.toContain(token.slice(4))
  })

  test('that is unknown, expired or revoked is refused, each in the same words', async () => {
    const expired = await createApiToken(pooled, {
      tenant,
      name: 'old',
      scopes,
      expiresAt: new Date(Date.now() - 1_000),
    })
    const revoked = await createApiToken(pooled, { tenant, name: 'gone', scopes })
    expect(await revokeApiToken(pooled, tenant, revoked.id)).toBe(true)
    expect(await revokeApiToken(pooled, tenant, revoked.id)).toBe(false)
    for (const token of [
      expired.token,
      revoked.token,
      `pst_${'a'.repeat(43)}`,
      '',
      'pst_',
      `${revoked.token}x`,
      "' or true --",
    ]) {
      await expect(authenticate(pooled, token)).rejects.toThrow(invalid)
    }
    const current = await createApiToken(pooled, {
      tenant,
      name: 'new',
      scopes,
      expiresAt: new Date(Date.now() + 60_000),
    })
    expect((await authenticate(pooled, current.token)).tokenId).toBe(current.id)
  })

  test('belongs to its tenant: no other lists or revokes it', async () => {
    const { id, token } = await createApiToken(pooled, { tenant, name: 'mine', scopes })
    expect(await listApiTokens(pooled, other)).toEqual([])
    expect(await revokeApiToken(pooled, other, id)).toBe(false)
    expect(await revokeApiToken(pooled, tenant, newId())).toBe(false)
    expect(await revokeApiToken(pooled, tenant, 'x')).toBe(false)
    expect((await authenticate(pooled, token)).tenant).toBe(tenant)
  })

  test('is listed by pages, without its hash', async () => {
    const owner = await createTenant(pooled, 'with many')
    const ids: string[] = []
    for (let at = 0; at < 5; at += 1)
      ids.push((await createApiToken(pooled, { tenant: owner, name: `t${at}`, scopes })).id)
    const first = await listApiTokens(pooled, owner, { limit: 3 })
    const second = await listApiTokens(pooled, owner, { limit: 3, after: first.at(-1)?.id ?? '' })
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids)
    expect(Object.keys(first[0] ?? {}).sort()).toEqual([
      'createdAt',
      'expiresAt',
      'id',
      'lastUsedAt',
      'name',
      'revokedAt',
      'scopes',
    ])
  })

  test('notes that it was used, once a minute, however many ask at once', async () => {
    const owner = await createTenant(pooled, 'busy')
    const { token } = await createApiToken(pooled, { tenant: owner, name: 'busy', scopes })
    await Promise.all(Array.from({ length: 20 }, () => authenticate(pooled, token)))
    const [used] = await listApiTokens(pooled, owner)
    expect(used?.lastUsedAt).toBeInstanceOf(Date)
    await authenticate(pooled, token)
    expect(await listApiTokens(pooled, owner)).toEqual([used])
  })

  test('needs a name and scopes of the known form', async () => {
    for (const bad of [
      { name: ' ' },
      { name: 'x'.repeat(201) },
      { scopes: [] },
      { scopes: ['jobs'] },
      { scopes: ['Jobs:Read'] },
    ]) {
      const options = { tenant, name: 'x', scopes, ...bad }
      await expect(createApiToken(pooled, options)).rejects.toMatchObject({ code: 'TOKEN_OPTIONS_INVALID' })
    }
  })
})
