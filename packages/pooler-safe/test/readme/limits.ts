import { report, url } from './setting.ts'

// #region
import { createDatabase } from 'pooler-safe'

const limited = createDatabase({
  url,
  max: 5,
  applicationName: 'billing',
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 2_000,
  onError: (error) => report(error.message),
  onWarning: (warning) => report(warning.message),
})

const controller = new AbortController()
await limited.query('select pg_sleep(0.01)', [], { timeoutMs: 1_000, signal: controller.signal })
await limited.close()
// #endregion
