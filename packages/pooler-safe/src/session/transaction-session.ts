import { checkBatchOptions, readBatch } from '../batch/batch-options.ts'
import { readChunks } from '../batch/chunks.ts'
import { Totals } from '../batch/totals.ts'
import { batchError } from '../batch/outcome.ts'
import { readStep, type Step } from '../batch/step.ts'
import { leftEarly, readCopyIn, readCopyOut, type CopyOptions } from '../copy/copy.ts'
import type { CopyInQuery, CopySource } from '../copy/copy-in-query.ts'
import type { CopyOutQuery } from '../copy/copy-out-query.ts'
import type { CopyQuery } from '../copy/copy-query.ts'
import { toError } from '../errors/to-error.ts'
import { lock, tryLock, type LockOptions, type TryLockResult } from '../lock/lock.ts'
import type { LockKey } from '../lock/lock-key.ts'
import { badOption } from '../options/client-options.ts'
import { Settings, type SessionSettings } from '../settings/settings.ts'
import { handedOver, type Handover } from '../stream/handover.ts'
import { countDown, oneByOne } from '../stream/portions.ts'
import {
  closeStep,
  declareStep,
  fetchStep,
  readStream,
  type StreamCall,
  type StreamOptions,
} from '../stream/stream-call.ts'
import { checkTransactionOptions } from './begin.ts'
import { Limit } from './limit.ts'
import { readCall } from './read-statement.ts'
import type {
  BatchLimits,
  BatchResults,
  BatchStatement,
  ExecuteManyLimits,
  ParameterRows,
  QueryOptions,
  QueryResult,
  Session,
  Statement,
  TransactionOptions,
} from './session.ts'
import type { ItemAnswer } from './statement-queue.ts'
import type { IssueOptions, TransactionHandle } from './transaction-handle.ts'
import type { Transaction } from './transaction.ts'

/** The handle that a callback is given, or a view of it under settings. */
export class TransactionSession implements Transaction {
  readonly #handle: TransactionHandle
  readonly #settings: Settings | undefined

  constructor(handle: TransactionHandle, settings: Settings | undefined) {
    this.#handle = handle
    this.#settings = settings
  }

  get depth(): number {
    return this.#handle.depth
  }

  query<Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<QueryResult<Row>>
  query<Row>(statement: Statement, options?: QueryOptions): Promise<QueryResult<Row>>
  query<Row>(statement: string | Statement, second?: unknown, third?: unknown): Promise<QueryResult<Row>> {
    return this.#guarded(async () => {
      const { text, values, options } = readCall(statement, second, third)
      const step = readStep(text, values, 'transaction')
      const limit = Limit.of(options)
      const answer = await this.#issue([step], { alone: limit !== undefined, limit })
      if (answer.error !== undefined) throw toError(answer.error)
      return answer.results[0] as QueryResult<Row>
    })
  }

  batch<const S extends readonly BatchStatement[]>(statements: S, options: BatchLimits = {}): Promise<BatchResults<S>> {
    return this.#guarded(() => this.#batch(statements, options, false))
  }

  commitWith<const S extends readonly BatchStatement[]>(
    statements: S,
    options: BatchLimits = {},
  ): Promise<BatchResults<S>> {
    return this.#guarded(async () => {
      try {
        return await this.#batch(statements, options, true)
      } catch (error) {
        const { unit } = this.#handle
        // Nothing is left to commit, even if the callback swallows this.
        if (unit.client.status === 'I' && unit.begun) unit.endedBy ??= toError(error)
        throw error
      }
    })
  }

  executeMany<Row>(text: string, rows: ParameterRows, options: ExecuteManyLimits = {}): Promise<QueryResult<Row>> {
    return this.#guarded(async () => {
      checkBatchOptions(options, 'executeMany of a transaction')
      const totals = new Totals<Row>()
      for await (const { rows: chunk, offset } of readChunks(text, rows, 'transaction', options, () => 0)) {
        const answer = await this.#issue(chunk.steps(), { alone: true, rows: chunk, limit: Limit.of(options) })
        if (answer.error !== undefined) {
          throw batchError(this.#failure(answer), {
            count: chunk.count,
            offset,
            unit: 'Row',
            timeoutMs: options.timeoutMs,
          })
        }
        totals.add(answer.results)
      }
      return totals.result()
    })
  }

  stream<Row>(text: string, values?: readonly unknown[], options?: StreamOptions): AsyncGenerator<Row, undefined>
  stream<Row>(statement: Statement, options?: StreamOptions): AsyncGenerator<Row, undefined>
  stream<Row>(statement: string | Statement, second?: unknown, third?: unknown): AsyncGenerator<Row, undefined> {
    return oneByOne(this.portions<Row>(readStream(statement, second, third)))
  }

  /** The rows of a stream, in portions as they are fetched. */
  async *portions<Row>({ step, fetchSize, limits }: StreamCall): AsyncGenerator<Row[], undefined> {
    const name = this.#handle.nextCursor()
    const fetch = fetchStep(name, fetchSize)
    const remaining = countDown(limits)
    let steps = [declareStep(name, step), fetch]
    let isOpen = false
    try {
      for (;;) {
        const limit = Limit.of(remaining())
        const answer = await this.#issue(steps, { alone: limit !== undefined, limit })
        if (answer.error !== undefined) throw toError(answer.error)
        isOpen = true
        const rows = (answer.results[0]?.rows ?? []) as Row[]
        if (rows.length > 0) yield rows
        if (rows.length < fetchSize) return undefined
        steps = [fetch]
      }
    } finally {
      if (isOpen) this.#handle.afterwards(closeStep(name))
    }
  }

  lock<T>(key: LockKey, work: (tx: Transaction) => Promise<T>, options: LockOptions = {}): Promise<T> {
    return this.#guarded(() => lock(this, key, work, options))
  }

  tryLock<T>(
    key: LockKey,
    work: (tx: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<TryLockResult<T>> {
    return this.#guarded(() => tryLock(this, key, work, options))
  }

  copyFrom(text: string, source: CopySource, options: CopyOptions = {}): Promise<number> {
    return this.#guarded(async () => {
      const { query, limits } = readCopyIn(text, source, options)
      return await this.#handle.nest((inner) => inner.copyIn(query), Limit.of(limits), this.#settings)
    })
  }

  copyTo(text: string, options: CopyOptions = {}): AsyncGenerator<Buffer, undefined> {
    const { query, limits } = readCopyOut(text, options)
    return handedOver((handover) =>
      this.#guarded(() =>
        this.#handle.nest((inner) => inner.copyOut(query, handover), Limit.of(limits), this.#settings),
      ),
    )
  }

  async copyIn(query: CopyInQuery): Promise<number> {
    await this.#copy(query)
    return query.copied
  }

  async copyOut(query: CopyOutQuery, handover: Handover<Buffer>): Promise<void> {
    const copying = this.#copy(query).finally(() => query.finish())
    copying.catch(() => undefined)
    for (;;) {
      const bytes = await query.take()
      if (bytes === undefined) break
      if (await handover.offer(bytes)) continue
      this.#handle.unit.client.interrupt(query, leftEarly)
      break
    }
    await copying
  }

  async #copy(copy: CopyQuery): Promise<void> {
    const { error } = await this.#handle.issue([], { alone: true, copy })
    if (error !== undefined) throw toError(error)
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#guarded(async () => {
      checkNestedOptions(options, this.#handle.unit.isolation)
      return await this.#handle.nest(work, Limit.of(options), this.#settings)
    })
  }

  withSettings(settings: SessionSettings): Session {
    return new TransactionSession(this.#handle, Settings.read(settings, this.#handle.unit.roles, this.#settings))
  }

  async #batch<const S extends readonly BatchStatement[]>(
    statements: S,
    options: BatchLimits,
    commit: boolean,
  ): Promise<BatchResults<S>> {
    checkBatchOptions(options, 'batch of a transaction')
    const steps = readBatch(statements, 'transaction', options)
    if (steps.length === 0 && !commit) return [] as BatchResults<S>
    const answer = await this.#issue(steps, { alone: true, limit: Limit.of(options), commit })
    if (answer.error !== undefined) {
      throw batchError(this.#failure(answer), { count: steps.length, timeoutMs: options.timeoutMs })
    }
    return answer.results as unknown as BatchResults<S>
  }

  #issue(steps: readonly Step[], options: IssueOptions): Promise<ItemAnswer> {
    const settings = this.#settings
    if (!settings) return this.#handle.issue(steps, options)
    const slot = `call_${this.#handle.depth}`
    return this.#handle.issue([settings.save(slot), ...settings.enter(), ...steps, settings.leave(slot)], options)
  }

  #failure({ error, at, undecoded }: ItemAnswer): { error: unknown; at: number | undefined; undecoded?: boolean } {
    const lead = this.#settings ? 3 : 0
    return { error, at: at === undefined ? undefined : at - lead, undecoded: undecoded ?? false }
  }

  /** A failure that aborts the transaction rejects the transaction too: unawaited, it is no unhandled rejection. */
  #guarded<T>(action: () => Promise<T>): Promise<T> {
    const result = new Promise<T>((resolve, reject) => {
      action().then(resolve, (error: unknown) => {
        if (this.#handle.isAborted) result.catch(() => undefined)
        reject(toError(error))
      })
    })
    return result
  }
}

function checkNestedOptions(options: TransactionOptions, isolation: string | undefined): void {
  checkTransactionOptions(options)
  const hint = 'Give it to the outermost transaction. A nested one is a savepoint of it.'
  if (options.isolation !== undefined && options.isolation !== isolation) {
    throw badOption('isolation', 'cannot change inside a transaction', hint)
  }
  const outermostOnly = [
    'readOnly',
    'deferrable',
    'statementTimeoutMs',
    'lockTimeoutMs',
    'idleInTransactionTimeoutMs',
    'confirm',
    'idleBudgetMs',
    'onIdle',
  ] as const
  for (const key of outermostOnly) {
    if (options[key] !== undefined) throw badOption(key, 'cannot be set for a nested transaction', hint)
  }
}
