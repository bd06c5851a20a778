import type { BatchCounts } from '../index.ts'
import type { BackendActivity, Counting } from './backend-log.ts'

/** A job that is being run. */
export interface RunningFile {
  readonly name: string
  readonly attempt: number
  readonly done: number
  readonly total: number | undefined
}

export interface Happening {
  /** Since the jobs were queued. */
  readonly atMs: number
  readonly kind: 'done' | 'retry' | 'failed' | 'note'
  readonly text: string
}

/** How the jobs stand at a moment: all that is shown while they run. */
export interface Progress {
  readonly title: string
  readonly elapsedMs: number
  readonly counts: BatchCounts
  readonly jobsPerSecond: number
  readonly running: readonly RunningFile[]
  /** Oldest first. */
  readonly happenings: readonly Happening[]
  readonly poolerName: string
  readonly counting: Counting
  readonly backends: readonly BackendActivity[]
}
