import { wait } from '@pooler-safe/example-foundation'
import type { BackendAudit } from '@pooler-safe/testkit'
import type { Job, JobEvent } from '../index.ts'
import { fileOf, measurement, measureType } from './file-jobs.ts'
import type { InputFile } from './input-files.ts'
import { JobWatch } from './job-watch.ts'
import { outcomeOf, type FileOutcome, type Outcome } from './outcome.ts'
import type { Progress } from './progress.ts'
import type { Stage } from './set-up.ts'
import { countsLine, happeningLine, screen } from './view/screen.ts'
import type { View } from './view/terminal.ts'
import { formatSeconds, line, plural, span } from './view/text.ts'

export interface RunOptions {
  readonly stage: Stage
  readonly paceMs: number
  readonly view: View
  readonly signal: AbortSignal
  /** Of workers that ended by themselves. */
  readonly mishaps: string[]
}

const lookMs = 200
const plainLineMs = 1_000
/** A slow machine may need another attempt for the late file; the one that never comes gets the usual three. */
const lateAttempts = 5

/** Queues one job for each file, follows them to their ends, stops the workers and asks every backend what was left on it. */
export async function runJobs({ stage, paceMs, view, signal, mishaps }: RunOptions): Promise<Outcome> {
  const { service, database, tenant, deliveries, endpoint, workers } = stage
  const files = [deliveries.late, deliveries.missing, ...stage.files]
  const { batch, jobs } = await service.batches.createBatch(database, tenant, {
    kind: measureType,
    jobs: files.map(({ name, path, role }) => ({
      type: measureType,
      payload: { name, path },
      ...(role === 'late' ? { maxAttempts: lateAttempts } : {}),
    })),
  })
  const byId = new Map(jobs.flatMap(({ job }, at) => (files[at] ? [[job.id, files[at]] as const] : [])))
  const idOf = (wanted: InputFile): string => jobs[files.indexOf(wanted)]?.job.id ?? ''
  const [lateId, missingId] = [idOf(deliveries.late), idOf(deliveries.missing)]
  const watch = new JobWatch(
    {
      service,
      database,
      tenant,
      batchId: batch.id,
      watched: [
        { id: lateId, name: deliveries.late.name },
        { id: missingId, name: deliveries.missing.name },
      ],
    },
    batch,
  )
  watch.note(`${plural(batch.counts.total, 'job')} queued in one transaction`)
  await follow({ stage, view, signal, mishaps, watch, lateId })
  const { elapsedMs } = watch
  const outcomes = await readOutcomes(stage, batch.id, byId)
  const [lateEvents, missingEvents] = [await eventsOf(stage, lateId), await eventsOf(stage, missingId)]
  view.begin('Stopping the workers and asking every backend what was left on it')
  const workerTroubles = await workers.stop()
  await service.close()
  await database.close()
  signal.throwIfAborted()
  return {
    postgres: stage.postgres,
    pooler: endpoint.description,
    poolerName: endpoint.name,
    workers: workers.names.length,
    elapsedMs,
    paceMs,
    counts: watch.batch.counts,
    files: outcomes,
    lateEvents,
    missingEvents,
    counting: endpoint.log.counting,
    backends: endpoint.log.backends(),
    namedStatements: endpoint.isRecorded ? endpoint.log.namedStatements : undefined,
    audits: await audit(stage, mishaps),
    mishaps: [...mishaps, ...workerTroubles],
  }
}

interface Following extends Omit<RunOptions, 'paceMs'> {
  readonly watch: JobWatch
  readonly lateId: string
}

/** Shows how the jobs stand until all have ended, and delivers the late file once its job has failed. */
async function follow({ stage, view, signal, mishaps, watch, lateId }: Following): Promise<void> {
  const { deliveries, files } = stage
  let isDelivered = false
  let saidAt = Number.NEGATIVE_INFINITY
  for (;;) {
    signal.throwIfAborted()
    await watch.look()
    if (!isDelivered && watch.hasFailedRun(lateId)) {
      await deliveries.deliver(files)
      isDelivered = true
      watch.note(`${deliveries.late.name} has arrived`)
    }
    const isOver = watch.batch.finishedAt !== null
    if (view.isLive) view.draw((size) => screen(progressOf(stage, watch), size))
    else {
      const isDue = isOver || watch.elapsedMs - saidAt >= plainLineMs
      if (isDue) saidAt = watch.elapsedMs
      view.print([
        ...watch
          .takeNew()
          .filter(({ kind }) => kind !== 'done')
          .map(happeningLine),
        ...(isDue
          ? [line(`  ${formatSeconds(watch.elapsedMs).padStart(7)}  `, ...countsLine(watch.batch.counts))]
          : []),
      ])
    }
    if (isOver) return
    if (mishaps.length >= stage.workers.names.length) throw new WorkersLost(mishaps)
    await wait(lookMs, signal)
  }
}

/** No worker is left that could run the jobs. */
class WorkersLost extends Error {
  override readonly name = 'WorkersLost'
  readonly code = 'DEMO_WORKERS_LOST'

  constructor(mishaps: readonly string[]) {
    super(`No worker is left to run the jobs: ${mishaps.join(' ')}`)
  }
}

function progressOf({ endpoint, files }: Stage, watch: JobWatch): Progress {
  return {
    title: `Measuring ${plural(files.length, 'file')} on PostgreSQL behind a pooler`,
    elapsedMs: watch.elapsedMs,
    counts: watch.batch.counts,
    jobsPerSecond: watch.jobsPerSecond,
    running: watch.running,
    happenings: watch.happenings,
    poolerName: endpoint.name,
    counting: endpoint.log.counting,
    backends: endpoint.log.backends(),
  }
}

async function eventsOf({ service, database, tenant, workers }: Stage, id: string): Promise<JobEvent[]> {
  const events = await service.getJobEvents(database, tenant, id)
  return events.map((event) => ({ ...event, worker: event.worker === null ? null : workers.nameOf(event.worker) }))
}

async function readOutcomes(
  { service, database, tenant }: Stage,
  batchId: string,
  files: ReadonlyMap<string, InputFile>,
): Promise<FileOutcome[]> {
  const outcomes: FileOutcome[] = []
  let after: string | undefined
  do {
    const page = await service.getJobsForBatch(database, tenant, batchId, { limit: 500, after })
    outcomes.push(...page.items.map((job) => readOutcome(job, files)))
    after = page.next
  } while (after !== undefined)
  return outcomes.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function readOutcome(job: Job, files: ReadonlyMap<string, InputFile>): FileOutcome {
  const file = files.get(job.id) ?? { ...fileOf(job.payload), role: 'regular' as const }
  const stored = measurement.safeParse(job.result)
  return outcomeOf(job, file, stored.success ? stored.data : undefined)
}

async function audit({ endpoint }: Stage, mishaps: string[]): Promise<readonly BackendAudit[] | undefined> {
  try {
    return await endpoint.audit()
  } catch (error) {
    mishaps.push(`The backends could not be asked: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

export const keptOpen = ({ endpoint, directUrl }: Stage) => [
  line(span('Still running', 'strong'), span('  until Ctrl-C', 'faint')),
  line(`  pooler      ${endpoint.url}`),
  ...(directUrl === undefined ? [] : [line(`  PostgreSQL  ${directUrl}`)]),
]
