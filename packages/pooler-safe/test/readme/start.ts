// #region
import { createDatabase } from 'pooler-safe'

const db = createDatabase({ url: process.env['DATABASE_URL'] ?? 'postgres://app@localhost:6543/app' })

const { rows } = await db.query<{ id: number }>('select id from job where state = $1', ['queued'])

await db.transaction(async (tx) => {
  for (const { id } of rows) await tx.query('update job set state = $2 where id = $1', [id, 'running'])
})

await db.close()
// #endregion
