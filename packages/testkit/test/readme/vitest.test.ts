import { useTestDatabase } from '@pooler-safe/tests/support'
import { beforeAll } from 'vitest'

const database = useTestDatabase()
beforeAll(() => {
  process.env['TEST_DATABASE_URL'] = database.directUrl
})

// #region
import { withPooler } from '@pooler-safe/testkit/vitest'
import pg from 'pg'
import { expect, test } from 'vitest'

const pooler = withPooler({ upstream: () => process.env['TEST_DATABASE_URL'] ?? '' })

test('an order is stored', async () => {
  const pool = new pg.Pool({ connectionString: pooler().url })
  await pool.query('create table orders (id int)')
  await pool.query('insert into orders values (1)')
  expect((await pool.query('select id from orders')).rows).toEqual([{ id: 1 }])
  await pool.end()
})
// #endregion
