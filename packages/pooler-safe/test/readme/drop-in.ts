import { url } from './setting.ts'

// #region
import { SafePool } from 'pooler-safe'

const pool = new SafePool({ connectionString: url, max: 10 })

const client = await pool.connect()
try {
  await client.query('begin')
  const insert = { name: 'insert_job', text: 'insert into job (state) values ($1)', values: ['queued'] }
  await client.query(insert) // Sent without its name.
  await client.query('commit') // Rejects if PostgreSQL rolled back.
} catch (error) {
  await client.query('rollback')
  throw error
} finally {
  client.release()
}
await pool.end()
// #endregion
