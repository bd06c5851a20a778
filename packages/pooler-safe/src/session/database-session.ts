import { checkBatchOptions, readBatch } from '../batch/batch-options.ts'
import { readChunks, type Chunk } from '../batch/chunks.ts'
import { batchError } from '../batch/outcome.ts'
import type { Rows } from '../batch/rows.ts'
import { readStep, type Step } from '../batch/step.ts'
import { Totals } from '../batch/totals.ts'
import { BatchError } from '../errors/batch-error.ts'
import { outcomeOf } from '../errors/facts.ts'
import { readCopyIn, readCopyOut, type CopyOptions } from '../copy/copy.ts'
import type { CopySource } from '../copy/copy-in-query.ts'
import { toError } from '../errors/to-error.ts'
import { lock, tryLock, type LockOptions, type TryLockResult } from '../lock/lock.ts'
import type { LockKey } from '../lock/lock-key.ts'
import { badOption } from '../options/client-options.ts'
import { Settings, type SessionSettings } from '../settings/settings.ts'
import { handedOver, type Handover } from '../stream/handover.ts'
import { oneByOne } from '../stream/portions.ts'
import { defaultStreamMs, readStream, type StreamOptions } from '../stream/stream-call.ts'
import { checkTransactionOptions } from './begin.ts'
import { Limit } from './limit.ts'
import { readCall } from './read-statement.ts'
import { withRetries } from './retry.ts'
import { runBatch, type BatchAnswer } from './run-batch.ts'
import { runTransaction } from './run-transaction.ts'
import type { SessionContext } from './session-context.ts'
import type {
  BatchOptions,
  BatchResults,
  BatchStatement,
  ExecuteManyOptions,
  ParameterRows,
  QueryOptions,
  QueryResult,
  Session,
  Statement,
  TransactionOptions,
} from './session.ts'
import type { Transaction } from './transaction.ts'

/** A session of a database: each call is a transaction of its own, under the settings of the session if it has some. */
export class DatabaseSession implements Session {
  readonly #context: SessionContext
  readonly #settings: Settings | undefined

  constructor(context: SessionContext, settings: Settings | undefined) {
    this.#context = context
    this.#settings = settings
  }

  query<Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<QueryResult<Row>>
  query<Row>(statement: Statement, options?: QueryOptions): Promise<QueryResult<Row>>
  async query<Row>(statement: string | Statement, second?: unknown, third?: unknown): Promise<QueryResult<Row>> {
    const { text, values, options } = readCall(statement, second, third)
    await this.#context.decide?.()
    if (this.#context.sequential) {
      return this.transaction((tx) => tx.query<Row>(text, values), options)
    }
    const answer = await this.#run([readStep(text, values, 'transaction')], options, Limit.of(options))
    if (answer.error === undefined) return answer.results[0] as QueryResult<Row>
    throw toError(answer.error)
  }

  async batch<const S extends readonly BatchStatement[]>(
    statements: S,
    options: BatchOptions = {},
  ): Promise<BatchResults<S>> {
    const { maxStatements, maxBytes, ...transaction } = options
    checkBatchOptions(options, 'batch')
    checkTransactionOptions(transaction)
    const steps = readBatch(statements, 'batch', options)
    if (steps.length === 0) return [] as BatchResults<S>
    await this.#context.decide?.()
    if (this.#context.sequential) {
      return this.#sequential((tx) => tx.batch(statements, { ...given({ maxStatements, maxBytes }) }), transaction)
    }
    return this.#limited(transaction, async (limit) => {
      const answer = await this.#run(steps, transaction, limit)
      if (answer.error !== undefined) {
        throw batchError(failureOf(answer), { count: steps.length, timeoutMs: options.timeoutMs })
      }
      return answer.results as unknown as BatchResults<S>
    })
  }

  async executeMany<Row>(
    text: string,
    rows: ParameterRows,
    options: ExecuteManyOptions = {},
  ): Promise<QueryResult<Row>> {
    const { chunkRows, chunkBytes, atomic = false, ...transaction } = options
    checkBatchOptions(options, 'executeMany')
    checkTransactionOptions(transaction)
    const limits = given({ chunkRows, chunkBytes })
    if (atomic && transaction.retries && !Array.isArray(rows)) {
      throw badOption('retries', 'needs an array of rows when atomic is set', 'Another attempt reads them again.')
    }
    await this.#context.decide?.()
    if (atomic || this.#context.sequential) {
      return this.#sequential((tx) => tx.executeMany<Row>(text, rows, limits), transaction)
    }
    const totals = new Totals<Row>()
    let committed = 0
    for await (const chunk of readChunks(text, rows, 'batch', limits, () => committed)) {
      totals.add((await this.#runChunk(chunk, transaction, committed)).results)
      committed += chunk.rows.count
    }
    return totals.result()
  }

  stream<Row>(text: string, values?: readonly unknown[], options?: StreamOptions): AsyncGenerator<Row, undefined>
  stream<Row>(statement: Statement, options?: StreamOptions): AsyncGenerator<Row, undefined>
  stream<Row>(statement: string | Statement, second?: unknown, third?: unknown): AsyncGenerator<Row, undefined> {
    const { limits, ...call } = readStream(statement, second, third)
    const produce = (handover: Handover<Row[]>): Promise<void> =>
      runTransaction(
        this.#context,
        async (tx) => {
          for await (const rows of tx.portions<Row>({ ...call, limits: {} })) {
            if (!(await handover.offer(rows))) return
          }
        },
        { timeoutMs: defaultStreamMs, ...limits },
        this.#settings,
      )
    return oneByOne(handedOver(produce))
  }

  lock<T>(key: LockKey, work: (tx: Transaction) => Promise<T>, options: LockOptions = {}): Promise<T> {
    return promised(() => lock(this, key, work, options))
  }

  tryLock<T>(
    key: LockKey,
    work: (tx: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<TryLockResult<T>> {
    return promised(() => tryLock(this, key, work, options))
  }

  copyFrom(text: string, source: CopySource, options: CopyOptions = {}): Promise<number> {
    return promised(() => {
      const { query, limits } = readCopyIn(text, source, options)
      return runTransaction(this.#context, (tx) => tx.copyIn(query), limits, this.#settings)
    })
  }

  copyTo(text: string, options: CopyOptions = {}): AsyncGenerator<Buffer, undefined> {
    const { query, limits } = readCopyOut(text, options)
    return handedOver((handover) =>
      runTransaction(this.#context, (tx) => tx.copyOut(query, handover), limits, this.#settings),
    )
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return runTransaction(this.#context, work, options, this.#settings)
  }

  withSettings(settings: SessionSettings): Session {
    return new DatabaseSession(this.#context, Settings.read(settings, this.#context.roles, this.#settings))
  }

  #runChunk({ rows, offset }: Chunk, options: TransactionOptions, committed: number): Promise<BatchAnswer> {
    return this.#limited(options, async (limit) => {
      const answer = await this.#run(rows.steps(), options, limit, rows)
      if (answer.error === undefined) return answer
      const { timeoutMs } = options
      throw batchError(failureOf(answer), { count: rows.count, offset, committed, unit: 'Row', timeoutMs })
    })
  }

  #run(
    steps: readonly Step[],
    options: TransactionOptions,
    limit: Limit | undefined,
    rows?: Rows,
  ): Promise<BatchAnswer> {
    return runBatch(this.#context, steps, { options, settings: this.#settings, limit, rows })
  }

  async #limited<T>(options: TransactionOptions, unit: (limit: Limit | undefined) => Promise<T>): Promise<T> {
    const limit = Limit.of(options)
    try {
      const { retryBudget: budget } = this.#context
      return await withRetries({ retries: options.retries, limit, budget }, () => unit(limit))
    } finally {
      limit?.dispose()
    }
  }

  /** The same in an explicit transaction: what fails outside of its statements fails at COMMIT. */
  async #sequential<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions): Promise<T> {
    const progress = { worked: false }
    try {
      return await this.transaction(async (tx) => {
        progress.worked = false
        const result = await work(tx)
        progress.worked = true
        return result
      }, options)
    } catch (error) {
      if (error instanceof BatchError || !progress.worked) throw error
      throw new BatchError(error, { phase: 'commit', outcome: outcomeOf(error) })
    }
  }
}

function failureOf({ error, at, isUndecoded }: BatchAnswer): {
  error: unknown
  at: number | undefined
  undecoded: boolean
} {
  return { error, at, undecoded: isUndecoded }
}

/** What is refused at once rejects too. */
async function promised<T>(action: () => Promise<T>): Promise<T> {
  return action()
}

/** Without the properties that are undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
