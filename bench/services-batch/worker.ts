/** The worker process of the `services-batch` benchmark: its items cost nothing, so what is measured is the batch. */
import { silentLogger } from '@pooler-safe/example-foundation'
import { startBatchWorker } from '@pooler-safe/example-batch-processor'
import { createDatabase } from 'pooler-safe'

/** What the worker process is told. */
export type BatchWorkerOrder = 'measure' | 'stop'

/** What it says: `ready`, or its size in bytes after a garbage collection. */
export type BatchWorkerMessage = 'ready' | { readonly rss: number; readonly heapUsed: number }

const [url = ''] = process.argv.slice(2)
const database = createDatabase({ url, max: 4, applicationName: 'bench-worker' })
const worker = await startBatchWorker({
  database,
  http: { fetch: () => Promise.reject(new Error('nothing is fetched here')) },
  logger: silentLogger(),
  pollMs: 10,
  processors: { nothing: ({ ordinal }) => Promise.resolve({ status: 200, title: `Page ${ordinal}` }) },
})

function say(message: BatchWorkerMessage): void {
  process.send?.(message)
}

process.on('message', (order: BatchWorkerOrder) => {
  if (order === 'stop') {
    void worker
      .stop()
      .then(() => database.close())
      .then(() => process.disconnect())
    return
  }
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  say({ rss, heapUsed })
})
say('ready')
