import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { openDatabase, silentLogger } from '../src/index.ts'
import { localClient, serve } from './http/web-server.ts'

const database = useTestDatabase()

test('(5) a fetch inside a transaction is its error: nothing remains of it, and its only client connection is free', async () => {
  await using web = await serve({ '/': (_request, response) => response.end('ok') })
  await using client = localClient()
  await using db = openDatabase({ url: database.pooledUrl, applicationName: 'test', max: 1, logger: silentLogger() })
  await db.query('create table asked (n int)')
  const read = async (): Promise<string> => {
    await using response = await client.fetch(web.url('/'), { robots: 'ignore' })
    return await response.text()
  }
  const inside = db.transaction(async (tx) => {
    await tx.query('insert into asked values (1)')
    return read()
  })
  await expect(inside).rejects.toMatchObject({
    code: 'POOLER_SAFE_NETWORK_IN_TRANSACTION',
    outcome: 'not-executed',
    message: expect.stringContaining(`GET ${web.url('').replace(/\/$/, '')} `),
  })
  const before = await read()
  await db.transaction((tx) => tx.query('insert into asked values ($1)', [before.length]))
  expect((await db.query('select n from asked')).rows).toEqual([{ n: 2 }])
})
