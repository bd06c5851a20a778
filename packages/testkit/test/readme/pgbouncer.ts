import { print } from './setting.ts'

// #region
import { auditThroughPooler, findPgBouncer, formatAudits, startPgBouncer, startPostgres } from '@pooler-safe/testkit'

if (findPgBouncer() !== undefined) {
  await using server = await startPostgres()
  await using pgbouncer = await startPgBouncer({ upstream: server.url, poolSize: 3 })
  // … run what is to be judged against pgbouncer.url …
  print(formatAudits(await auditThroughPooler(pgbouncer.url, 3)))
}
// #endregion
