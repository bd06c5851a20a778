/** What the job service is compared with: pg-boss alone, on a pool of raw `pg`, with as many jobs in one statement. */
import { wait } from '@pooler-safe/example-foundation'
import { PgBoss } from 'pg-boss'
import type { WorkerMessage, WorkerOrder } from './messages.ts'

const [url = '', batchSize = '200'] = process.argv.slice(2)
const boss = new PgBoss({ connectionString: url, max: 6, migrate: false, schedule: false, useListenNotify: false })
await boss.start()
let done = 0
const stopping = new AbortController()

async function work(): Promise<void> {
  while (!stopping.signal.aborted) {
    const jobs = await boss.fetch('bare', { batchSize: Number(batchSize) })
    if (jobs.length === 0) {
      await wait(10, stopping.signal)
      continue
    }
    await boss.complete(
      'bare',
      jobs.map(({ id }) => id),
    )
    done += jobs.length
  }
}

function say(message: WorkerMessage): void {
  process.send?.(message)
}

const working = work()
process.on('message', (message) => {
  const { order, count = 0 } = message as WorkerOrder
  const before = done
  void (async () => {
    if (order === 'stop') {
      stopping.abort()
      await working
      await boss.stop()
      process.disconnect()
      return
    }
    while (done < before + count) await wait(2)
    say({ said: 'counted', count })
  })()
})
say({ said: 'ready' })
