import { directUrl, report, url } from './setting.ts'

// #region
import { createDatabase } from 'pooler-safe'

const live = createDatabase({ url, directUrl })

const subscription = await live.direct.listen('job_done', (payload) => report(payload), {
  reason: 'push to browsers',
  onGap: ({ since }) => report(`look for jobs done since ${since.toISOString()}`),
})
await live.query('select pg_notify($1, $2)', ['job_done', '7'])

await live.direct.session('migrations', async (client) => {
  await client.query('select pg_advisory_lock(1)')
  await client.query('create table if not exists audit (account int)')
})

await subscription.unlisten()
await live.close()
// #endregion
