import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught } from '../support/caught.ts'

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
    const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const warnings: Error[] = []
    const db = createDatabase({ url: pooler.url, max: 1, onWarning: (warning) => warnings.push(warning) })
    try {
      await fetch(url).then((response) => response.text())
      await db.transaction(async (tx) => {
        await tx.query('select 1')
        await fetch(url).then((response) => response.text())
        await fetch(url).then((response) => response.text())
      })
      await fetch(url).then((response) => response.text())
      expect(warnings).toEqual([
        expect.objectContaining({
          code: 'POOLER_SAFE_NETWORK_IN_TRANSACTION',
          hazard: 'idle-in-tx',
          message: expect.stringContaining(`GET ${url}`),
        }),
      ])
    } finally {
      await db.close()
      server.close()
    }
  })
})
