import type { TenantId } from '@pooler-safe/example-foundation'
import type { BatchCounts, BatchState, JobState } from './state-machine.ts'

/** A job as users and services read it. */
export interface Job {
  readonly id: string
  /** The name to give to people: it says nothing about when or after what the job was made. */
  readonly publicId: string
  readonly tenantId: TenantId
  readonly type: string
  readonly state: JobState
  readonly payload: unknown
  readonly result: unknown
  /** Of the last failed run; gone once a run succeeded. */
  readonly errorCode: string | null
  readonly error: string | null
  /** Of the current or last run. */
  readonly progressDone: number
  readonly progressTotal: number | null
  /** How often it was claimed: the fencing token of the run that holds it. */
  readonly attempt: number
  /** Runs that failed or were lost since it was queued by a person. */
  readonly failures: number
  readonly maxAttempts: number
  readonly priority: number
  readonly dedupeKey: string | null
  readonly domain: string | null
  readonly batchId: string | null
  readonly worker: string | null
  readonly cancelRequestedAt: Date | null
  readonly scheduledAt: Date | null
  readonly createdAt: Date
  /** When the current or last run began. */
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly heartbeatAt: Date | null
}

/** One step in the life of a job. */
export interface JobEvent {
  /** Orders the events of a job. */
  readonly id: number
  readonly jobId: string
  readonly at: Date
  readonly fromState: JobState | null
  readonly toState: JobState
  readonly reason: string
  readonly worker: string | null
  readonly attempt: number
}

/** A group of jobs with a result of its own. */
export interface Batch {
  readonly id: string
  readonly tenantId: TenantId
  readonly kind: string
  readonly options: Readonly<Record<string, unknown>>
  readonly state: BatchState
  /** No job can be added any more: it ends with its last job. */
  readonly sealed: boolean
  readonly errorCode: string | null
  readonly error: string | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  /** Counted from the jobs in the statement that read the batch. */
  readonly counts: BatchCounts
}

/** What a new job is. */
export interface NewJob {
  /** Name of a defined job type. */
  readonly type: string
  readonly payload: unknown
  /** While a job of the tenant and type with this key is queued or running, no second one is made. */
  readonly dedupeKey?: string
  /** Higher runs earlier. Default 0. */
  readonly priority?: number
  /** Not before this. */
  readonly scheduledAt?: Date
  /** Instead of the job type's. */
  readonly maxAttempts?: number
  readonly batchId?: string
  /** The site that the job is about. */
  readonly domain?: string
}

/** Which jobs to list; every given condition has to hold. */
export interface JobFilter {
  readonly state?: JobState
  readonly type?: string
  readonly domain?: string
  readonly batchId?: string
}
