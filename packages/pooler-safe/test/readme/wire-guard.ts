import { report, url } from './setting.ts'

// #region
import { wireGuard } from 'pooler-safe'
import pg from 'pg'

const raw = new pg.Pool({ connectionString: url })
raw.on('connect', (client) => {
  wireGuard(client)
})

try {
  await raw.query({ name: 'jobs', text: 'select count(*) from job' })
} catch (error) {
  report(error) // Parse of the named statement "jobs" was about to be sent.
}
await raw.end()
// #endregion
