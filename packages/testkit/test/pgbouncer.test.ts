import { useTestDatabase } from '@pooler-safe/tests/support'
import { describe, expect, test } from 'vitest'
import { findPgBouncer, startPgBouncer } from '../src/index.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase()

describe.skipIf(findPgBouncer() === undefined)('startPgBouncer (needs pgbouncer)', () => {
  test('serves every database, in transaction mode, and has an admin console', async () => {
    await using bouncer = await startPgBouncer({ upstream: database.directUrl, poolSize: 2 })
    expect(bouncer.version).toMatch(/^\d+\.\d+\.\d+$/)
    const client = await RawClient.connect(bouncer.url)
    expect(await client.value('select current_database()')).toBe(database.name)
    const elsewhere = await RawClient.connect(bouncer.urlFor('postgres'))
    expect(await elsewhere.value('select current_database()')).toBe('postgres')
    const servers = await bouncer.servers()
    expect(servers.map((server) => server.database).sort()).toEqual(['postgres', database.name].sort())
    const admin = await RawClient.connect(bouncer.adminUrl)
    expect((await admin.ask(send.query('show config'))).rows).toContainEqual(
      expect.arrayContaining(['pool_mode', 'transaction']),
    )
    for (const one of [client, elsewhere, admin]) await one.end()
  })

  test('a role logs in with its own password, though PgBouncer was not told it', async () => {
    await database.query(`create role via_query login password 'own'`)
    await using bouncer = await startPgBouncer({ upstream: database.directUrl })
    const url = `postgres://via_query:own@127.0.0.1:${bouncer.port}/${database.name}`
    const client = await RawClient.connect(url)
    expect(await client.value('select current_user')).toBe('via_query')
    await client.end()
    await expect(RawClient.connect(url, {}, 'wrong')).rejects.toThrow('SASL authentication failed')
    await bouncer.stop()
    await database.query('drop role via_query')
  })

  test('session mode keeps the backend, statement mode refuses transactions', async () => {
    await using session = await startPgBouncer({ upstream: database.directUrl, poolMode: 'session' })
    const keeper = await RawClient.connect(session.url)
    await keeper.value(`set work_mem = '7MB'`)
    expect(await keeper.value('show work_mem')).toBe('7MB')
    await keeper.end()
    await using statement = await startPgBouncer({ upstream: database.directUrl, poolMode: 'statement' })
    const client = await RawClient.connect(statement.url)
    client.write(send.query('begin'))
    expect(await client.closed).toMatchObject([
      { code: '08P01', message: 'transaction blocks not allowed in statement pooling mode' },
    ])
  })

  test('settings are passed on, and a wrong one is in the error', async () => {
    await using bouncer = await startPgBouncer({ upstream: database.directUrl, config: { query_wait_timeout: 7 } })
    const admin = await RawClient.connect(bouncer.adminUrl)
    expect((await admin.ask(send.query('show config'))).rows).toContainEqual(
      expect.arrayContaining(['query_wait_timeout', '7']),
    )
    await admin.end()
    await expect(
      startPgBouncer({ upstream: database.directUrl, config: { pool_mode: 'nonsense' } }),
    ).rejects.toMatchObject({
      code: 'pgbouncer-start-failed',
      message: expect.stringContaining('nonsense') as string,
    })
    await expect(startPgBouncer({ upstream: database.directUrl, port: bouncer.port })).rejects.toMatchObject({
      code: 'port-taken',
    })
  })
})
