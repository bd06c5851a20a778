import type { Logger, TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'

/** The item that a processor works on. */
export interface ItemToProcess {
  readonly batchId: string
  readonly tenantId: TenantId
  /** The line of the input. */
  readonly ordinal: number
  /** As it was given. */
  readonly input: string
  /** Canonical. */
  readonly host: string
  /** How often the item was claimed: names this run of it. */
  readonly attempt: number
}

export interface ProcessContext {
  /** Fires when the run has to stop: out of time, cancelled, taken away, or the process ends. */
  readonly signal: AbortSignal
  /** The pool. No transaction is open while a processor runs, unless the processor opens one. */
  readonly session: Session
  readonly logger: Logger
  /** The `options` of the batch. */
  readonly options: Readonly<Record<string, unknown>>
  /** Time for this run; then the signal fires. */
  readonly timeoutMs: number
  /** The job that works on the batch. */
  readonly jobId: string | null
}

/**
 * Does the work of one item; what it returns is stored as the item's result.
 *
 * It runs at least once: a worker that dies after the work and before its end was written is followed by another run. What
 * it does outside its result has to bear that, for example keyed by batch and ordinal. An error with `retryable: false`
 * fails the item at once; one with `retryAfterMs` is run again after that time.
 */
export interface ItemProcessor {
  (item: ItemToProcess, context: ProcessContext): Promise<unknown>
  /** Throws for `options` of a batch that it cannot work with, before the batch is made. */
  readonly checkOptions?: (options: Readonly<Record<string, unknown>>) => void
}

/** Processors by the `kind` of the batch. */
export type ItemProcessors = Readonly<Record<string, ItemProcessor>>
