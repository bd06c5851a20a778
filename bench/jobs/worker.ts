/** The worker process of the `jobs` benchmark: runs trivial jobs, and says when enough are done and how big it is. */
import { silentLogger, wait } from '@pooler-safe/example-foundation'
import { JobService, Worker } from '@pooler-safe/example-job-service'
import { createDatabase } from 'pooler-safe'
import type { WorkerMessage, WorkerOrder } from './messages.ts'
import { trivialTypes } from './types.ts'

const [url = '', concurrency = '200'] = process.argv.slice(2)
const logger = silentLogger()
const database = createDatabase({ url, max: 6, applicationName: 'bench-worker' })
const service = await JobService.open({ database, types: trivialTypes, logger, maintainQueue: true })
const worker = Worker.start({
  database,
  service,
  logger,
  handlers: { trivial: () => Promise.resolve(null) },
  concurrency: Number(concurrency),
  pollMs: 10,
})

function say(message: WorkerMessage): void {
  process.send?.(message)
}

async function obey({ order, count = 0 }: WorkerOrder): Promise<void> {
  if (order === 'count') {
    const { succeeded } = worker.stats
    while (worker.stats.succeeded < succeeded + count) await wait(2)
    say({ said: 'counted', count })
  } else if (order === 'measure') {
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    say({ said: 'measured', rss, heapUsed })
  } else {
    await worker.stop()
    await service.close()
    await database.close()
    process.disconnect()
  }
}

process.on('message', (message) => void obey(message as WorkerOrder))
say({ said: 'ready' })
