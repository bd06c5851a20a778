/** The worker process of the `jobs` benchmark: runs trivial jobs and says on request what it has done and how big it is. */
import { silentLogger } from '@pooler-safe/example-foundation'
import { JobService, Worker } from '@pooler-safe/example-job-service'
import { createDatabase } from 'pooler-safe'
import { trivialTypes } from './jobs-types.ts'

const [url = '', concurrency = '100'] = process.argv.slice(2)
const logger = silentLogger()
const database = createDatabase({ url, max: 6, applicationName: 'bench-worker' })
const service = await JobService.open({ database, types: trivialTypes, logger, maintainQueue: true })
const worker = Worker.start({
  database,
  service,
  logger,
  handlers: { trivial: () => Promise.resolve(null) },
  concurrency: Number(concurrency),
  pollMs: 20,
})

process.on('message', (message) => {
  if (message === 'stop') {
    void worker
      .stop()
      .then(() => service.close())
      .then(() => database.close())
      .then(() => process.disconnect())
    return
  }
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  process.send?.({ succeeded: worker.stats.succeeded, rss, heapUsed })
})
process.send?.('ready')
