import type { Page, TenantId } from '@pooler-safe/example-foundation'

/** Every state of an item, in the order of its life. */
export const itemStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type ItemState = (typeof itemStates)[number]

/** Every state of a batch. `partial`: some of its items succeeded and some failed. */
export const batchStates = ['queued', 'running', 'paused', 'succeeded', 'partial', 'failed', 'cancelled'] as const
export type BatchState = (typeof batchStates)[number]

/** How many items are in each state; their sum is `total`, which a constraint of the table holds. */
export interface ItemCounts extends Readonly<Record<ItemState, number>> {
  readonly total: number
}

/** What became of the lines of the input. Their sum is the number of lines that were not empty. */
export interface LineCounts {
  readonly kept: number
  readonly invalid: number
  readonly duplicate: number
}

/** How a batch is run. */
export interface BatchLimits {
  /** Items that run at the same time, whatever number of workers there is. */
  readonly maxConcurrent: number
  /** Of these, items under the same registrable domain. */
  readonly maxPerDomain: number
  readonly itemTimeoutMs: number
  /** Failed runs until an item fails for good. */
  readonly maxAttempts: number
  /** Pause before the second run of an item, doubled for each further one, with jitter. */
  readonly retryDelayMs: number
}

/** A batch as users and services read it. */
export interface Batch extends BatchLimits {
  readonly id: string
  readonly tenantId: TenantId
  /** The processor of its items. */
  readonly kind: string
  readonly name: string | null
  /** For the processor. */
  readonly options: Readonly<Record<string, unknown>>
  /** Computed by PostgreSQL from the counts. */
  readonly state: BatchState
  readonly counts: ItemCounts
  readonly lines: LineCounts
  /** No item can be added any more. */
  readonly sealed: boolean
  /** How often it was begun: retrying failed items begins it anew. */
  readonly round: number
  /** The job that works on it, or did last. */
  readonly jobId: string | null
  readonly webhookUrl: string | null
  readonly idempotencyKey: string | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly pausedAt: Date | null
  readonly cancelRequestedAt: Date | null
}

/** How far a batch is. */
export interface BatchProgress {
  readonly id: string
  readonly state: BatchState
  readonly counts: ItemCounts
  /** Share of the items that have ended, 0 to 1. */
  readonly progress: number
  /** Time from its start to its end or now, without pauses. Null before the start. */
  readonly elapsedMs: number | null
  /** Items that ended per second of `elapsedMs`. */
  readonly itemsPerSecond: number | null
  /** Time until its end at this rate; only of a batch that runs. */
  readonly etaMs: number | null
}

/** Failed items by the word of their error. */
export interface ErrorClass {
  readonly errorCode: string
  readonly items: number
}

/** Everything about a batch, with a page of its items. */
export interface BatchStatus extends Batch, BatchProgress {
  /** The most frequent first, at most ten. */
  readonly topErrors: readonly ErrorClass[]
  readonly items: Page<BatchItem, number>
}

export interface BatchItem {
  /** The line of the input. */
  readonly ordinal: number
  readonly input: string
  readonly host: string
  /** The registrable domain. */
  readonly domain: string
  readonly state: ItemState
  /** How often it was claimed. */
  readonly attempts: number
  /** Runs that failed since it was queued by a person. */
  readonly failures: number
  readonly result: unknown
  /** Of the last failed run; gone once a run succeeded. */
  readonly errorCode: string | null
  readonly error: string | null
  readonly jobId: string | null
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
}

/** A line of the input that became no item. */
export interface RejectedLine {
  readonly line: number
  readonly input: string
  readonly verdict: 'invalid' | 'duplicate'
  readonly reason: string
}

/** Which batches to list; every given condition has to hold. */
export interface BatchFilter {
  readonly state?: BatchState
  readonly kind?: string
  /** Batches that have an item of this site. */
  readonly host?: string
  readonly createdFrom?: Date
  readonly createdBefore?: Date
}

/** Which items to list. */
export interface ItemFilter {
  readonly state?: ItemState
  readonly errorCode?: string
}
