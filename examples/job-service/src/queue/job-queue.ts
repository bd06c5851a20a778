import type { Logger } from '@pooler-safe/example-foundation'
import { explain, notMigrated } from '@pooler-safe/example-foundation'
import { PgBoss, type JobInsert as BossJob } from 'pg-boss'
import type { Database, Session } from 'pooler-safe'
import type { CheckedJobType } from '../job-type.ts'
import { migrateCommand } from '../migrate.ts'
import { poolExecutor, sessionExecutor } from './executor.ts'

/** A job to be delivered. */
export interface Delivery {
  readonly jobId: string
  readonly priority: number
  /** Not before this. */
  readonly scheduledAt: Date | null
  /** Failed runs that the queue answers with another delivery before it gives up. */
  readonly retries: number
}

export interface JobQueueOptions {
  readonly database: Database
  readonly types: ReadonlyMap<string, CheckedJobType>
  readonly logger: Logger
  /** Expire, delete and measure in the background. One process of many is enough; more do no harm. Default false. */
  readonly maintain?: boolean
}

/** Where deliveries go that failed for good. */
export const deadLetterQueue = 'jobs.dead-letter'
export const queueSchema = 'pgboss'

/** Long, because the lease of a run ends it much earlier: this is for deliveries that nobody looks after any more. */
const expireSeconds = 24 * 3_600 - 1
const yearSeconds = 365 * 86_400
/** The table `jobs` is what keeps the history. */
const deleteFinishedAfterSeconds = 3_600

/**
 * pg-boss behind a transaction-mode pooler: it delivers `{ jobId }`, again with back-off when a run failed, and keeps dead
 * letters. What a job is and how it stands is in the table `jobs`.
 *
 * Every method that takes a session sends one statement in it.
 */
export class JobQueue {
  readonly #boss: PgBoss
  readonly #types: ReadonlyMap<string, CheckedJobType>
  #stopping: Promise<void> | undefined

  private constructor(boss: PgBoss, types: ReadonlyMap<string, CheckedJobType>) {
    this.#boss = boss
    this.#types = types
  }

  /**
   * Connects to the queue and makes sure that every type has its queue.
   *
   * @throws ServiceError DATABASE_NOT_MIGRATED when the queue's schema is missing or old
   */
  static async open({ database, types, logger, maintain = false }: JobQueueOptions): Promise<JobQueue> {
    const boss = new PgBoss({
      db: poolExecutor(database),
      schema: queueSchema,
      // The schema is made and changed on the direct URL, by `migrate`.
      migrate: false,
      schedule: false,
      supervise: maintain,
      registerInstance: maintain,
      // LISTEN cannot cross a transaction-mode pooler.
      useListenNotify: false,
    })
    boss.on('error', (error) => logger.error({ err: error }, `queue: ${explain(error)}`))
    boss.on('warning', (warning) => logger.warn({ warning }, `queue: ${warning.message}`))
    await startBoss(boss)
    const queue = new JobQueue(boss, types)
    try {
      await queue.#ensureQueues()
    } catch (error) {
      await queue.stop()
      throw error
    }
    return queue
  }

  /** Makes deliveries in the caller's transaction. */
  async enqueue(session: Session, type: string, deliveries: readonly Delivery[]): Promise<void> {
    const { retryDelaySeconds, retryDelayMaxSeconds } = this.#type(type)
    const jobs: BossJob[] = deliveries.map(({ jobId, priority, scheduledAt, retries }) => ({
      id: jobId,
      data: { jobId },
      priority,
      retryLimit: retries,
      retryDelay: retryDelaySeconds,
      retryBackoff: true,
      retryDelayMax: Math.max(retryDelaySeconds, retryDelayMaxSeconds),
      ...(scheduledAt === null ? {} : { startAfter: scheduledAt }),
    }))
    await this.#boss.insert(queueName(type), jobs, { db: sessionExecutor(session) })
  }

  /** Takes at most `limit` deliveries that are due, for the caller's transaction. Nobody else gets them. */
  async fetch(session: Session, type: string, limit: number): Promise<{ deliveryId: string; jobId: string }[]> {
    const jobs = await this.#boss.fetch<{ jobId: string }>(queueName(type), {
      batchSize: limit,
      db: sessionExecutor(session),
    })
    return jobs.map(({ id, data }) => ({ deliveryId: id, jobId: data.jobId }))
  }

  /** The runs succeeded: the deliveries are done. */
  async complete(session: Session, type: string, jobIds: readonly string[]): Promise<void> {
    await this.#boss.complete(queueName(type), [...jobIds], null, { db: sessionExecutor(session) })
  }

  /** The runs failed: they are delivered again after a pause, or become dead letters when no retries are left. */
  async fail(session: Session, type: string, jobIds: readonly string[]): Promise<void> {
    await this.#boss.fail(queueName(type), [...jobIds], null, { db: sessionExecutor(session) })
  }

  /** Nobody wants these runs any more. */
  async cancel(session: Session, type: string, jobIds: readonly string[]): Promise<void> {
    await this.#boss.cancel(queueName(type), [...jobIds], { db: sessionExecutor(session) })
  }

  /** Delivers anew at once, whatever the queue knows of these jobs: handed back, retried by a person, or gone missing. */
  async redeliver(session: Session, type: string, deliveries: readonly Delivery[]): Promise<void> {
    await this.remove(
      session,
      type,
      deliveries.map(({ jobId }) => jobId),
    )
    await this.enqueue(session, type, deliveries)
  }

  /** Forgets deliveries. */
  async remove(session: Session, type: string, deliveryIds: readonly string[]): Promise<void> {
    await this.#boss.deleteJob(queueName(type), [...deliveryIds], { db: sessionExecutor(session) })
  }

  /** The runs failed for good, whatever retries were left: no further delivery, but dead letters. */
  async bury(session: Session, type: string, jobIds: readonly string[]): Promise<void> {
    await this.cancel(session, type, jobIds)
    const letters = jobIds.map((jobId) => ({ data: { jobId } }))
    await this.#boss.insert(deadLetterQueue, letters, { db: sessionExecutor(session) })
  }

  /** The ids of the newest dead letters' jobs, at most `limit`. */
  async deadLetters(session: Session, limit: number): Promise<string[]> {
    const letters = await this.#boss.findJobs<{ jobId: string }>(deadLetterQueue, {
      limit,
      db: sessionExecutor(session),
    })
    return letters.map(({ data }) => data.jobId)
  }

  /** Ends the background work and waits for it. The database stays open. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#boss.stop({ graceful: true, close: false, timeout: 10_000 }))
  }

  #type(type: string): CheckedJobType {
    const found = this.#types.get(type)
    if (!found) throw new TypeError(`job type "${type}" was not checked`)
    return found
  }

  async #ensureQueues(): Promise<void> {
    const known = new Set((await this.#boss.getQueues()).map(({ name }) => name))
    if (!known.has(deadLetterQueue)) {
      await this.#boss.createQueue(deadLetterQueue, { retentionSeconds: yearSeconds, deleteAfterSeconds: yearSeconds })
    }
    for (const type of this.#types.keys()) {
      if (known.has(queueName(type))) continue
      await this.#boss.createQueue(queueName(type), {
        deadLetter: deadLetterQueue,
        expireInSeconds: expireSeconds,
        retentionSeconds: yearSeconds,
        deleteAfterSeconds: deleteFinishedAfterSeconds,
      })
    }
  }
}

function queueName(type: string): string {
  return `jobs.${type}`
}

async function startBoss(boss: PgBoss): Promise<void> {
  try {
    await boss.start()
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    const missing = /not installed|requires migrations/.test(message)
    await boss.stop({ close: false, graceful: false }).catch(() => undefined)
    throw missing ? notMigrated(message, migrateCommand, error) : error
  }
}
