import { report, url } from './setting.ts'

// #region
import pg from 'pg'
import { SafeClient } from 'pooler-safe'

const foreign = new pg.Pool({ connectionString: url, Client: SafeClient })
const { rows: states } = await foreign.query('select distinct state from job order by state')
report(states)
await foreign.end()
// #endregion
