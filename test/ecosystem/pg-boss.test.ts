import { PgBoss } from 'pg-boss'
import { insertSql, transactionByHand, valuesOf } from './by-hand.ts'
import type { Item, LibraryUnderTest } from './contract.ts'
import { same } from './probes.ts'
import { testLibrary } from './test-library.ts'

interface BossUnderTest extends LibraryUnderTest {
  readonly boss: PgBoss
}

const queue = 'items'
const jobId = (id: number): string => `00000000-0000-4000-8000-${String(Math.abs(id)).padStart(12, '0')}`

testLibrary<BossUnderTest>({
  name: 'pg-boss',
  packages: ['pg-boss'],
  connect: 'new PgBoss({ connectionString: url, Client: SafeClient })',
  needs: 'Polling, which is its default: no useListenNotify (LISTEN needs a session).',
  without: { prepared: 'pg-boss names no statements.' },
  own: {
    'works every job off once': async ({ boss }) => {
      const worked: number[] = []
      await boss.createQueue('work')
      for (let count = 0; count < 8; count += 1) {
        await boss.work<{ number: number }>('work', { pollingIntervalSeconds: 0.5, batchSize: 3 }, (jobs) => {
          worked.push(...jobs.map(({ data }) => data.number))
          return Promise.resolve()
        })
      }
      const numbers = Array.from({ length: 30 }, (_, index) => index)
      await boss.insert('work', numbers.map((number) => ({ data: { number } }))) // prettier-ignore
      const deadline = Date.now() + 15_000
      while (worked.length < numbers.length && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 50))
      await boss.offWork('work')
      same(worked.toSorted((one, other) => one - other), numbers, 'the jobs that were worked off') // prettier-ignore
    },
  },
  async open(driver, { url }) {
    const boss = new PgBoss({ connectionString: url, max: 12, Client: driver.Client } as never)
    boss.on('error', () => undefined)
    await boss.start()
    await boss.createQueue(queue)
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    return {
      boss,
      async insert(item) {
        await boss.send(queue, item, { id: jobId(item.id) })
        await pool.query(insertSql, valuesOf(item))
      },
      async nameOf(id) {
        const [job] = await boss.findJobs<Item>(queue, { id: jobId(id) })
        return job?.data.name
      },
      // A job that is enqueued in a transaction of the program.
      transaction: (work) =>
        transactionByHand(pool, (transaction, client) =>
          work({
            ...transaction,
            async insert(item) {
              const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) }
              await boss.send(queue, item, { id: jobId(item.id), db })
              await transaction.insert(item)
            },
          }),
        ),
      async close() {
        await boss.stop({ graceful: false })
        await pool.end()
      },
    }
  },
})
