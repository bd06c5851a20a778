import { print } from './setting.ts'

// #region
import { formatAudits, startPooler, startPostgres } from '@pooler-safe/testkit'
import pg from 'pg'

await using postgres = await startPostgres()
await using pooler = await startPooler({ upstream: postgres.url, poolSize: 2, seed: 7 })

const client = new pg.Client(pooler.url)
await client.connect()
await client.query({ name: 'answer', text: 'select 42' })
const again = client.query({ name: 'answer', text: 'select 42' })
await again.catch((error: unknown) => print(String(error))) // error: prepared statement "answer" does not exist
await client.query('set search_path = tenant_7')
await client.end()

for (const { number, backendPid, statements } of pooler.recording.transactions()) {
  print(`transaction ${number} on backend ${backendPid}: ${statements[0]?.sql ?? ''}`)
}
print(formatAudits(await pooler.audit()))
// #endregion
