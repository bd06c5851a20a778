import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { expect, test } from 'vitest'

const database = useTestDatabase()

forEachPooler(database, (pooler) => {
  test('serves more clients than it has backends', async () => {
    const pool = new pg.Pool({ connectionString: pooler.url, max: 12 })
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => pool.query<{ index: number }>('select $1::int as index', [index])),
    )
    await pool.end()
    expect(answers.map(({ rows }) => rows[0]?.index)).toEqual(Array.from({ length: 60 }, (_, index) => index))
  })
})
