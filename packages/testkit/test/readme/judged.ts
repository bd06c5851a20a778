import { print } from './setting.ts'

// #region
import { renderReport, startPooler, startPostgres } from '@pooler-safe/testkit'
import pg from 'pg'

await using server = await startPostgres()
await using judge = await startPooler({ upstream: server.url, profile: 'pgbouncer-1.25', audit: 'every', seed: 7 })

const accused = new pg.Client({ connectionString: judge.url, application_name: 'orders' })
await accused.connect()
await accused.query(`select set_config('app.tenant', $1, false)`, ['acme'])
await accused.end()

await judge.settle()
print(renderReport(judge.report(), 'pretty'))
// #endregion
