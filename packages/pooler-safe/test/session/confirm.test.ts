import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, isOutcomeUnknown } from 'pooler-safe'
import { beforeEach, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({ prepare: prepared('create table item (id int)') })
beforeEach(() => database.query('truncate item'))
const stored = async (): Promise<number> =>
  (await database.query<{ n: number }>('select count(*)::int as n from item')).rows[0]!.n

forEachPooler(database, (pooler) => {
  test('I5: the answer to COMMIT is lost and the transaction was committed: confirm finds out, and it resolves', async () => {
    await using proxy = await startTcpProxy(pooler.url)
    await using db = createDatabase({ url: proxy.url, max: 1 })
    let lost = 0
    let committing = false
    proxy.onRequest = (chunk) => {
      committing = chunk.includes('commit\0')
      return true
    }
    proxy.onAnswer = (_chunk, { client }) => {
      if (!committing) return true
      lost += 1
      client.destroy()
      return false
    }
    const work = (): Promise<string> =>
      db.transaction((tx) => tx.query('insert into item values (1)').then(() => 'done'), { confirm: true, retries: 3 })
    expect(await work()).toBe('done')
    expect([lost, await stored()]).toEqual([1, 1])
    expect(isOutcomeUnknown(await caught(db.transaction((tx) => tx.query('insert into item values (2)'))))).toBe(true)
  })

  test('I8: COMMIT never arrived: confirm finds out that nothing was executed, and the unit is run again', async () => {
    await using proxy = await startTcpProxy(pooler.url)
    await using db = createDatabase({ url: proxy.url, max: 1 })
    let cuts = 0
    proxy.onRequest = (chunk, { client }) => {
      if (!chunk.includes('commit\0') || cuts > 0) return true
      cuts += 1
      client.destroy()
      return false
    }
    let attempts = 0
    const work = (retries: number): Promise<unknown> =>
      db.transaction(
        (tx) => {
          attempts += 1
          return tx.query('insert into item values (1)')
        },
        { confirm: true, retries },
      )
    expect(await caught(work(0))).toMatchObject({ code: 'POOLER_SAFE_CONNECTION_LOST', outcome: 'not-executed' })
    expect(await stored()).toBe(0)
    cuts = 0
    await work(2)
    expect([attempts, await stored()]).toEqual([3, 1])
    expect(proxy.writes().every((write) => ['PBEPBEPBDES', 'Q', 'PBDES'].includes(write))).toBe(true)
  })
})
