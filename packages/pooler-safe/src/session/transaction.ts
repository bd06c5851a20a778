import { toError } from '../errors/to-error.ts'
import type { SafeClient } from '../client/safe-client.ts'
import { SafeQuery, type Interruption } from '../client/safe-query.ts'
import { outcomeOf } from '../errors/facts.ts'
import { isPoolerSafeError, PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { badOption } from '../options/client-options.ts'
import { checkTransactionOptions } from './begin.ts'
import { Limit } from './limit.ts'
import { readStatement } from './read-statement.ts'
import type { QueryOptions, QueryResult, Session, Statement, TransactionOptions } from './session.ts'
import { sessionError } from './session-error.ts'

/**
 * An open transaction, given to the callback of `transaction`.
 *
 * All its statements run on one backend, in the order they were issued. It can be used until the callback ends.
 */
export interface Transaction extends Session {
  /** 0 for the transaction itself, 1 and more for savepoints. */
  readonly depth: number
}

/** What the handles of one transaction, outermost and nested, share. */
export interface Unit {
  readonly client: SafeClient
  readonly isolation: string | undefined
  /** Set when the transaction can only be rolled back any more. */
  fatal?: unknown
}

/**
 * States of a handle: `open` takes statements; `nested` has an inner transaction open, and waits for it; `ended` refuses
 * everything.
 */
type State = 'open' | 'nested' | 'ended'

/** The handle behind {@link Transaction}: queues statements, remembers the first error, runs savepoints. */
export class TransactionHandle implements Transaction {
  readonly depth: number
  readonly #unit: Unit
  #state: State = 'open'
  readonly #queue: SafeQuery[] = []
  #active: SafeQuery | undefined
  #idle: (() => void) | undefined
  #firstError: unknown
  #child: TransactionHandle | undefined
  #nested: Promise<unknown> | undefined

  constructor(unit: Unit, depth: number) {
    this.#unit = unit
    this.depth = depth
  }

  query<Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<QueryResult<Row>>
  query<Row>(statement: Statement, options?: QueryOptions): Promise<QueryResult<Row>>
  query<Row>(statement: string | Statement, second?: unknown, third?: unknown): Promise<QueryResult<Row>> {
    try {
      const { query, options } = readStatement(statement, second, third, 'transaction')
      this.#checkOpen()
      return this.#enqueue(query, Limit.of(options)) as Promise<QueryResult<Row>>
    } catch (error) {
      return Promise.reject(toError(error))
    }
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    try {
      checkNestedOptions(options, this.#unit.isolation)
      this.#checkOpen()
    } catch (error) {
      return Promise.reject(toError(error))
    }
    this.#state = 'nested'
    const running = this.#nest(work, Limit.of(options)).finally(() => {
      this.#nested = undefined
      this.#child = undefined
      if (this.#state === 'nested') this.#state = 'open'
    })
    this.#nested = running
    return running
  }

  async #nest<T>(work: (tx: Transaction) => Promise<T>, limit: Limit | undefined): Promise<T> {
    const inner = new TransactionHandle(this.#unit, this.depth + 1)
    const name = `pooler_safe_${inner.depth}`
    try {
      await this.#drained()
      this.#checkHealthy()
      await this.#control(`savepoint ${name}`)
      this.#child = inner
      const result = await inner.perform(work, limit)
      await this.#control(`release savepoint ${name}`)
      return result
    } catch (error) {
      if (this.#child === inner) await this.#rollBackTo(name)
      throw error
    } finally {
      limit?.dispose()
    }
  }

  async #rollBackTo(name: string): Promise<void> {
    const { client } = this.#unit
    try {
      await client.cancelling
      await this.#control(`rollback to savepoint ${name}; release savepoint ${name}`)
    } catch (error) {
      // What the savepoint was to protect is in an unknown state: only the whole transaction can be undone now.
      this.#unit.fatal ??= error
    }
  }

  /** Runs the callback, waits for what it did not await, and closes the handle. */
  async perform<T>(work: (tx: Transaction) => Promise<T>, limit: Limit | undefined): Promise<T> {
    try {
      const result = await this.#untilFired(work, limit)
      await this.#settled()
      this.#checkHealthy()
      return result
    } catch (error) {
      // A callback that outlives its limit is not waited for: its handles are closed, and the rollback waits for its query.
      if (!limit?.fired) await this.#settled()
      throw error
    } finally {
      this.#state = 'ended'
    }
  }

  /** Runs a statement of the transaction machinery itself. */
  #control(text: string): Promise<unknown> {
    if (this.#state === 'ended') throw ended()
    const query = new SafeQuery(text)
    query.scope = 'internal'
    return run(this.#unit.client, query)
  }

  #untilFired<T>(work: (tx: Transaction) => Promise<T>, limit: Limit | undefined): Promise<T> {
    const working = Promise.resolve(this as Transaction).then(work)
    if (!limit) return working
    return new Promise<T>((resolve, reject) => {
      limit.onFire(() => {
        const { fired } = limit
        if (!fired) return
        this.#close(fired)
        // Whatever the callback still does, it cannot reach the backend any more; the rollback that follows undoes the rest.
        reject(fired('not-executed'))
      })
      working.then(resolve, reject)
    }).finally(() => limit.onFire(undefined))
  }

  /** Ends this handle and those inside it: nothing queued will run, and what runs is cancelled. */
  #close(fired: Interruption): void {
    this.#state = 'ended'
    for (const query of this.#queue.splice(0)) query.callback?.(fired('not-executed'))
    if (this.#active) this.#unit.client.interrupt(this.#active, fired)
    if (this.#child) this.#child.#close(fired)
  }

  #enqueue(query: SafeQuery, limit: Limit | undefined): Promise<unknown> {
    const result = new Promise<unknown>((resolve, reject) => {
      query.callback = (error, answer) => {
        limit?.dispose()
        if (this.#active === query) this.#active = undefined
        if (error) this.#failed(error, reject, () => result)
        else resolve(answer)
        this.#next()
      }
    })
    limit?.onFire(() => this.#interruptOne(query, limit))
    this.#queue.push(query)
    this.#next()
    return result
  }

  #failed(error: unknown, reject: (error: unknown) => void, result: () => Promise<unknown>): void {
    const reported = sessionError(error)
    if (isPoolerSafeError(reported) && reported.code === 'POOLER_SAFE_TRANSACTION_LOST') this.#unit.fatal ??= reported
    if (this.#unit.client.status !== 'T') {
      this.#firstError ??= reported
      // The transaction itself rejects now, so a statement that nobody awaited is no unhandled rejection.
      result().catch(() => undefined)
    }
    reject(reported)
  }

  #interruptOne(query: SafeQuery, limit: Limit): void {
    const { fired } = limit
    if (!fired) return
    if (this.#active === query) {
      this.#unit.client.interrupt(query, fired)
      return
    }
    const at = this.#queue.indexOf(query)
    if (at >= 0) this.#queue.splice(at, 1)
    query.callback?.(fired('not-executed'))
  }

  #next(): void {
    if (this.#active) return
    const query = this.#queue.shift()
    if (!query) {
      this.#idle?.()
      this.#idle = undefined
      return
    }
    this.#active = query
    const refusal = this.#refusal()
    if (refusal) {
      process.nextTick(() => query.callback?.(refusal))
      return
    }
    this.#unit.client.execute(query)
  }

  /** PostgreSQL would answer 25P02, which hides the error that matters. */
  #refusal(): Error | undefined {
    const { client, fatal } = this.#unit
    // Statements that ran outside the transaction cannot be undone: that error says so, and stays the one that is seen.
    if (outcomeOf(fatal) === 'unknown') return fatal as Error
    if (fatal === undefined && client.status !== 'E') return undefined
    return aborted(fatal ?? this.#firstError)
  }

  #checkOpen(): void {
    if (this.#state === 'open') return
    throw this.#state === 'ended' ? ended() : busy()
  }

  /** An error that the callback swallowed has aborted the transaction all the same. */
  #checkHealthy(): void {
    const refusal = this.#refusal()
    if (refusal) throw refusal
  }

  /** Nothing runs or is queued, here or in a nested transaction. */
  async #settled(): Promise<void> {
    while (this.#active || this.#queue.length > 0 || this.#nested) {
      await this.#nested?.catch(() => undefined)
      await this.#drained()
    }
  }

  async #drained(): Promise<void> {
    if (!this.#active && this.#queue.length === 0) return
    await new Promise<void>((resolve) => {
      const before = this.#idle
      this.#idle = () => {
        before?.()
        resolve()
      }
    })
  }
}

/** Runs one query on a client, with the errors of a session. */
export function run(client: SafeClient, query: SafeQuery): Promise<unknown> {
  return new Promise((resolve, reject) => {
    query.callback = (error, answer) => {
      if (error) reject(toError(sessionError(error)))
      else resolve(answer)
    }
    client.execute(query)
  })
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
  ] as const
  for (const key of outermostOnly) {
    if (options[key] !== undefined) throw badOption(key, 'cannot be set for a nested transaction', hint)
  }
}

function aborted(cause: unknown): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_TRANSACTION_ABORTED',
    'An earlier statement failed, so the transaction can only be rolled back. Its error is the cause.',
    {
      outcome: 'not-executed',
      hazard: '25p02-cascade',
      hint: 'Let the first error end the callback, or put the statement that may fail into tx.transaction(work).',
      cause,
    },
  )
}

function ended(): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_TRANSACTION_ENDED',
    'The transaction has ended; its handle cannot be used any more.',
    {
      outcome: 'not-executed',
      hazard: 'query-escapes-tx',
      hint: 'Await everything that uses the handle before the callback returns.',
    },
  )
}

function busy(): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_TRANSACTION_BUSY',
    'A nested transaction is open: its statements would mix with this one.',
    {
      outcome: 'not-executed',
      hazard: 'parallel-in-tx',
      hint: 'Use the handle given to the inner callback, and run nested transactions one after the other.',
    },
  )
}
