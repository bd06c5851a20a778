import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught, thrown } from '../support/caught.ts'

const database = useTestDatabase()
const escaped = { code: 'POOLER_SAFE_ESCAPED_TRANSACTION', hazard: 'query-escapes-tx', outcome: 'not-executed' }

forEachPooler(database, (pooler) => {
  test('I4: the database cannot be used inside the callback of its transaction, however it is asked', async () => {
    await using db = createDatabase({ url: pooler.url, max: 2 })
    const deepInside = async (): Promise<unknown> => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      return db.query('select 1')
    }
    await db.transaction(async (tx) => {
      await tx.query('select 1')
      for (const attempt of [
        () => db.query('select 1'),
        () => db.batch(['select 1']),
        () => db.executeMany('select $1', [[1]]),
        () => db.transaction((inner) => inner.query('select 1')),
        () => db.withSettings({ 'app.tenant': 'a' }).query('select 1'),
        deepInside,
      ]) {
        expect(await caught(attempt())).toMatchObject(escaped)
      }
      await tx.transaction(async (inner) => {
        expect(await caught(db.query('select 1'))).toMatchObject(escaped)
        await inner.query('select 1')
      })
    })
  })

  test('what runs beside a transaction, after it, or in another database is free', async () => {
    await using db = createDatabase({ url: pooler.url, max: 2 })
    await using other = createDatabase({ url: pooler.url, max: 1 })
    let later: Promise<unknown> | undefined
    let end: (() => void) | undefined
    const over = new Promise<void>((resolve) => (end = resolve))
    const [beside] = await Promise.all([
      db.query('select 1 as n'),
      db.transaction(async (tx) => {
        await tx.query('select 1')
        await other.query('select 1')
        later = over.then(() => db.query('select 2 as n'))
      }),
    ])
    end!()
    expect(beside.rows).toEqual([{ n: 1 }])
    expect(await later).toMatchObject({ rows: [{ n: 2 }] })
  })

  test('escapes: "allow" lets it through, on another backend', async () => {
    await using db = createDatabase({ url: pooler.url, max: 2, escapes: 'allow' })
    await db.transaction(async (tx) => {
      const inside = await tx.query('select pg_backend_pid() as pid')
      const outside = await db.query('select pg_backend_pid() as pid')
      expect(outside.rows).not.toEqual(inside.rows)
    })
  })

  test('fetch inside a transaction is reported, once, and outside of one it is not', async () => {
    await using server = await startServer()
    const { url } = server
    const warnings: Error[] = []
    await using db = createDatabase({ url: pooler.url, max: 1, onWarning: (warning) => warnings.push(warning) })
    await ask(url)
    await db.transaction(async (tx) => {
      await tx.query('select 1')
      await ask(url)
      await ask(url)
    })
    await db.transaction(async (tx) => {
      await tx.commitWith(['select 1'])
      await ask(url)
    })
    await ask(url)
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'POOLER_SAFE_NETWORK_IN_TRANSACTION',
        hazard: 'idle-in-tx',
        message: expect.stringContaining(`GET ${url}`),
      }),
    ])
  })

  test('networkInTransaction "reject": fetch ends the transaction at once, undone and not repeated, and is free elsewhere', async () => {
    await using server = await startServer()
    const { url } = server
    const warnings: Error[] = []
    await using db = createDatabase({
      url: pooler.url,
      max: 1,
      networkInTransaction: 'reject',
      onWarning: (warning) => warnings.push(warning),
    })
    await ask(url)
    let attempts = 0
    let isDone = false
    let finish = (): void => undefined
    const asking = db.transaction(
      async (tx) => {
        attempts += 1
        await tx.query('create table never (id int)')
        // What the callback does with the answer, or with an error, does not matter.
        await tx.transaction(() => ask(`${url}/secret?key=1`)).catch(() => undefined)
        await new Promise<void>((resolve) => {
          finish = resolve
          setTimeout(resolve, 2_000).unref()
        })
        isDone = true
      },
      { retries: 3 },
    )
    const error = await caught(asking)
    expect(error).toMatchObject({
      code: 'POOLER_SAFE_NETWORK_IN_TRANSACTION',
      hazard: 'idle-in-tx',
      outcome: 'not-executed',
      message: expect.stringContaining(`GET ${url} was started`),
    })
    expect(attempts).toBe(1)
    // The only client is free, while the callback still hangs.
    expect((await db.query(`select to_regclass('never')::text as name`)).rows).toEqual([{ name: null }])
    expect(isDone).toBe(false)
    finish()
    const committed = await db.transaction(async (tx) => {
      await tx.commitWith(['select 1'])
      await ask(url)
      return 'committed'
    })
    expect(committed).toBe('committed')
    await ask(url)
    expect(warnings).toEqual([])
  })

  test('networkInTransaction "off" lets it through without a word', async () => {
    await using server = await startServer()
    const warnings: Error[] = []
    await using db = createDatabase({
      url: pooler.url,
      networkInTransaction: 'off',
      onWarning: (warning) => warnings.push(warning),
    })
    await db.transaction(async (tx) => {
      await tx.query('select 1')
      await ask(server.url)
    })
    expect(warnings).toEqual([])
    expect(thrown(() => createDatabase({ url: pooler.url, networkInTransaction: 'no' as 'off' }))).toMatchObject({
      code: 'POOLER_SAFE_BAD_OPTION',
    })
  })
})

async function ask(url: string): Promise<void> {
  const response = await fetch(url)
  await response.text()
}

async function startServer(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
