import { Logger, makeWorkerUtils, run, type Runner, type WorkerUtils } from 'graphile-worker'
import { insertSql, transactionByHand, valuesOf } from './by-hand.ts'
import type { Item, LibraryUnderTest } from './contract.ts'
import { same } from './probes.ts'
import { testLibrary } from './test-library.ts'

interface WorkerUnderTest extends LibraryUnderTest {
  readonly utils: WorkerUtils
  readonly runner: Runner
  readonly worked: Map<number, number>
}

const quiet = new Logger(() => () => undefined)

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen in time`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

testLibrary<WorkerUnderTest>({
  name: 'graphile-worker',
  packages: ['graphile-worker'],
  connect: 'await run({ pgPool: new SafePool({ connectionString: url }), pollInterval: 500, taskList })',
  needs:
    'A short pollInterval: LISTEN needs a session, so it is refused and new jobs are found by polling. The worker logs the refusal, at most once a minute in the end.',
  own: {
    'works every job off once': async ({ utils, worked }) => {
      const numbers = Array.from({ length: 40 }, (_, index) => 900_000 + index)
      await Promise.all(numbers.map((id) => utils.addJob('echo', { id, name: 'once', position: id })))
      await until(() => numbers.every((id) => worked.has(id)), 'the work')
      same(numbers.map((id) => worked.get(id)), numbers.map(() => 1), 'how often each job ran') // prettier-ignore
    },
    'refuses LISTEN, and says so to the worker': async ({ runner }) => {
      const refused = await new Promise<unknown>((resolve) => {
        runner.events.on('pool:listen:error', ({ error }) => {
          resolve(error)
        })
      })
      same((refused as { hazard?: string }).hazard, 'listen', 'the hazard')
    },
  },
  async open(driver, { url }) {
    const pool = new driver.Pool({ connectionString: url, max: 16 })
    pool.on('error', () => undefined)
    pool.on('connect', (client) => client.on('error', () => undefined))
    const utils = await makeWorkerUtils({ pgPool: pool, logger: quiet })
    await utils.migrate()
    const worked = new Map<number, number>()
    const names = new Map<number, string>()
    const runner = await run({
      pgPool: pool,
      logger: quiet,
      concurrency: 6,
      pollInterval: 50,
      noHandleSignals: true,
      taskList: {
        echo(payload) {
          const { id, name } = payload as Item
          worked.set(id, (worked.get(id) ?? 0) + 1)
          names.set(id, name)
        },
      },
    })
    return {
      utils,
      runner,
      worked,
      // A job that is not due keeps its place, to be read back.
      async insert(item) {
        const runAt = new Date(Date.now() + 3_600_000)
        await utils.addJob('later', item, { jobKey: `item-${item.id}`, runAt })
        await pool.query(insertSql, valuesOf(item))
      },
      nameOf: (id) =>
        utils.withPgClient(async (client) => {
          const text = `select payload->>'name' as name from graphile_worker._private_jobs where key = $1`
          return (await client.query<{ name: string }>(text, [`item-${id}`])).rows[0]?.name
        }),
      // Its workers name the statements that fetch and complete jobs.
      async prepared(id) {
        const name = `item ${id}`
        await utils.addJob('echo', { id, name, position: id })
        await until(() => names.get(id) === name, 'the work')
        names.delete(id)
        return name
      },
      transaction: (work) =>
        transactionByHand(pool, (transaction, client) =>
          work({
            ...transaction,
            async insert(item) {
              const job = `select graphile_worker.add_job('later', payload => $1, job_key => $2, run_at => now() + '1 hour')`
              await client.query(job, [JSON.stringify(item), `item-${item.id}`])
              await transaction.insert(item)
            },
          }),
        ),
      async close() {
        await runner.stop()
        await utils.release()
        await pool.end()
      },
    }
  },
})
