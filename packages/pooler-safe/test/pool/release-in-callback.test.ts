import { useTestDatabase } from '@pooler-safe/tests/support'
import { SafePool } from 'pooler-safe'
import { expect, test } from 'vitest'

const database = useTestDatabase()

test('I11: a new client that is released inside the callback of connect goes back to the pool', async () => {
  const pool = new SafePool({ connectionString: database.pooledUrl, max: 1 })
  await new Promise<void>((resolve, reject) => {
    pool.connect((error, _client, release) => {
      release()
      if (error) reject(error)
      else resolve()
    })
  })
  expect(pool.idleCount).toBe(1)
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await pool.end()
})

test('I6: a new client that is released inside the callback with a query on its way goes back after the answer', async () => {
  const pool = new SafePool({ connectionString: database.pooledUrl, max: 1 })
  const answered = await new Promise<string[]>((resolve, reject) => {
    const order: string[] = []
    pool.on('release', () => {
      order.push('released')
      if (order.length === 2) resolve(order)
    })
    pool.connect((error, client, release) => {
      if (error || !client) {
        reject(error ?? new Error('There is no client.'))
        return
      }
      client.query('select pg_sleep(0.05)', () => {
        order.push('answered')
      })
      release()
    })
  })
  expect(answered).toEqual(['answered', 'released'])
  await pool.end()
})
