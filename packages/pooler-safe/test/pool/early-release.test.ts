import { useTestDatabase } from '@pooler-safe/tests/support'
import { SafePool } from 'pooler-safe'
import { expect, test } from 'vitest'

const database = useTestDatabase()

test('a client that is given back inside the callback it came with is not lost to the pool', async () => {
  const pool = new SafePool({ connectionString: database.directUrl, max: 1 })
  await new Promise<void>((resolve) => {
    pool.connect((_error, _client, release) => {
      release()
      resolve()
    })
  })
  expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  expect(pool.idleCount).toBe(1)
  await pool.end()
})
