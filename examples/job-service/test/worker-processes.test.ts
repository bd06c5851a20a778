import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { wait } from '@pooler-safe/example-foundation'
import { afterEach, expect, test } from 'vitest'
import { useJobDatabase, useJobs } from './job-database.ts'

const database = useJobDatabase()
const jobs = useJobs(() => database.pooledUrl)
const children: ChildProcess[] = []

afterEach(async () => {
  const left = children.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => once(child, 'exit')))
})

interface Started {
  readonly child: ChildProcess
  readonly said: () => string
  /** Resolves when it runs jobs; rejects when it ends before. */
  readonly ready: Promise<void>
  readonly exited: Promise<number | null>
}

function startProcess(variables: Readonly<Record<string, string>>): Started {
  const child = fork(new URL('./fixtures/worker-process.ts', import.meta.url), {
    execArgv: ['--conditions=@pooler-safe/source', '--disable-warning=ExperimentalWarning'],
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  children.push(child)
  let said = ''
  child.stderr?.on('data', (text: Buffer) => (said += text.toString('utf8')))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    void exited.then((code) => reject(new Error(`ended with ${code}: ${said}`)))
  })
  ready.catch(() => undefined)
  return { child, said: () => said, ready, exited }
}

const settings = {
  LOG_LEVEL: 'warn',
  JOBS_CONCURRENCY: '20',
  JOBS_POLL_MS: '20',
  JOBS_LEASE_MS: '1500',
  JOBS_RECOVER_MS: '200',
  JOBS_POOL_MAX: '4',
}

async function countIn(state: string, ids: readonly string[]): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    'select count(*)::int as count from jobs where state = $1 and id = any($2)',
    [state, ids],
  )
  return rows[0]!.count
}

/** Waits until that many of the jobs have succeeded; says what the worker said when it does not get there. */
async function untilSucceeded(ids: readonly string[], count: number, { child, said }: Started): Promise<number> {
  const end = Date.now() + 30_000
  for (;;) {
    const done = await countIn('succeeded', ids)
    if (done >= count) return done
    if (child.exitCode !== null) throw new Error(`The worker ended by itself: ${said()}`)
    if (Date.now() > end) throw new Error(`${done} of ${ids.length} jobs have succeeded after 30 s: ${said()}`)
    await wait(5)
  }
}

async function create(count: number): Promise<string[]> {
  await database.query(`
    create table if not exists runs (job_id uuid, attempt int, pid int, primary key (job_id, attempt));
    create table if not exists effects (job_id uuid primary key);
    create table if not exists tally (effects int not null);
    truncate runs, effects, tally;
    insert into tally values (0)`)
  const made = await jobs.service.createJobs(
    jobs.database,
    jobs.tenant,
    Array.from({ length: count }, (_, n) => ({ type: 'trivial', payload: { n }, maxAttempts: 20 })),
  )
  return made.map(({ job }) => job.id)
}

/** How often jobs ended, and how many jobs did so that often. */
async function endsOf(ids: readonly string[]): Promise<unknown[]> {
  const { rows } = await database.query(
    `select states, count(*)::int as jobs from (
       select string_agg(to_state, ' ') filter (where to_state in ('succeeded', 'failed', 'cancelled')) as states
       from job_events where job_id = any($1) group by job_id
     ) x group by 1`,
    [ids],
  )
  return rows
}

test('kill -9 of a worker in the middle of 1,000 jobs, three times: every job ends exactly once', async () => {
  const ids = await create(1_000)
  const variables = { ...settings, DATABASE_URL: database.pooledUrl }
  let done = 0
  for (let kill = 0; kill < 3; kill += 1) {
    const doomed = startProcess({ ...variables, TEST_HOLDS_FIRST_RUN: 'yes' })
    await doomed.ready
    done = await untilSucceeded(ids, done + 200, doomed)
    doomed.child.kill('SIGKILL')
    await doomed.exited
    // It was in the middle: one run was held, others were being claimed, run or ended right then.
    expect(await countIn('running', ids)).toBeGreaterThan(0)
  }
  const last = startProcess(variables)
  await last.ready
  await untilSucceeded(ids, ids.length, last)
  last.child.kill('SIGTERM')
  expect(await last.exited).toBe(0)

  expect(await endsOf(ids)).toEqual([{ states: 'succeeded', jobs: 1_000 }])
  const { rows: effects } = await database.query('select effects from tally')
  expect(effects).toEqual([{ effects: 1_000 }])

  // At least once: only runs that a dead worker had begun were repeated, each under an attempt of its own.
  const { rows: runs } = await database.query<{ lost: number; repeated: number; unexplained: number }>(
    `with per_job as (
       select j.id, j.attempt, j.result, count(r.*) as runs,
         (select count(*) from job_events e where e.job_id = j.id and e.reason = 'lost worker') as lost
       from jobs j left join runs r on r.job_id = j.id where j.id = any($1) group by j.id
     )
     select sum(lost)::int as lost, count(*) filter (where runs > 1)::int as repeated,
       count(*) filter (where attempt <> lost + 1 or runs > attempt or runs < 1 or result <> to_jsonb(attempt))::int
         as unexplained
     from per_job`,
    [ids],
  )
  expect(runs[0]).toMatchObject({ unexplained: 0 })
  expect(runs[0]!.lost).toBeGreaterThanOrEqual(3)
  expect(runs[0]!.repeated).toBeGreaterThan(0)
  const { rows: left } = await database.query(
    `select state, count(*) from pgboss.job where id = any($1) and state <> 'completed' group by 1`,
    [ids],
  )
  expect(left).toEqual([])
}, 120_000)

test('SIGTERM: the process hands back what is not done and ends with code 0; another one does the rest', async () => {
  const ids = await create(300)
  const variables = { ...settings, DATABASE_URL: database.pooledUrl }
  const stopped = startProcess({ ...variables, JOBS_GRACE_MS: '0', TEST_HOLDS_FIRST_RUN: 'yes' })
  await stopped.ready
  await untilSucceeded(ids, 50, stopped)
  stopped.child.kill('SIGTERM')
  expect(await stopped.exited).toBe(0)
  expect(stopped.said()).not.toMatch(/"level":(50|60)/)
  expect(await countIn('running', ids)).toBe(0)
  const [succeeded, queued] = [await countIn('succeeded', ids), await countIn('queued', ids)]
  expect(succeeded + queued).toBe(300)
  const { rows: back } = await database.query<{ id: string }>(
    `select distinct job_id as id from job_events where job_id = any($1) and reason = 'handed back'`,
    [ids],
  )
  expect(back.length).toBeGreaterThan(0)
  const { rows: blamed } = await database.query('select from jobs where id = any($1) and failures > 0', [ids])
  expect(blamed).toEqual([])

  const next = startProcess(variables)
  await next.ready
  await untilSucceeded(ids, 300, next)
  expect(await endsOf(ids)).toEqual([{ states: 'succeeded', jobs: 300 }])
  const { rows: effects } = await database.query('select effects from tally')
  expect(effects).toEqual([{ effects: 300 }])
}, 120_000)

test('a worker whose parent is gone ends by itself', async () => {
  const { child, ready, exited } = startProcess({ ...settings, DATABASE_URL: database.pooledUrl })
  await ready
  child.disconnect()
  expect(await exited).toBe(0)
})

test('a set-up that cannot work is one line that says what to do', async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{}, /DATABASE_URL is missing\. It is the URL of the transaction-mode pooler/],
    [{ DATABASE_URL: 'mysql://x' }, /DATABASE_URL is not a URL such as postgres:/],
    [
      { DATABASE_URL: database.pooledUrl, JOBS_CONCURENCY: '5' },
      /JOBS_CONCURENCY is not known.*Did you mean JOBS_CONCURRENCY\?/,
    ],
    [
      { DATABASE_URL: database.pooledUrl, JOBS_CONCURRENCY: '5.5' },
      /JOBS_CONCURRENCY is not a whole number from 1 to 10000/,
    ],
    [{ DATABASE_URL: database.directUrl.replace(/\/[^/]*$/, '/postgres') }, /not migrated.*Run "pnpm .* migrate"/],
    [{ DATABASE_URL: 'postgres://nobody:hunter22@127.0.0.1:1/none' }, /127\.0\.0\.1:1/],
  ]
  for (const [variables, expected] of cases) {
    const { exited, said } = startProcess({ LOG_LEVEL: 'silent', ...variables })
    expect(await exited, said()).toBe(1)
    expect(said()).toMatch(expected)
    expect(said()).not.toContain('hunter22')
    expect(said()).not.toMatch(/^\s+at /m)
  }
}, 60_000)
