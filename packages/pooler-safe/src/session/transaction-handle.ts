import type { Rows } from '../batch/rows.ts'
import { hiddenStep, type Step } from '../batch/step.ts'
import { SafeQuery, type Interruption } from '../client/safe-query.ts'
import type { CopyQuery } from '../copy/copy-query.ts'
import type { Settings } from '../settings/settings.ts'
import type { Limit } from './limit.ts'
import { run } from './run.ts'
import { StatementQueue, type ItemAnswer } from './statement-queue.ts'
import { busy, ended, innerCommit } from './transaction-errors.ts'
import { TransactionSession } from './transaction-session.ts'
import type { Unit } from './unit.ts'

/**
 * States of a handle: `open` takes statements; `nested` has an inner transaction open, and waits for it; `ended` refuses
 * everything.
 */
type State = 'open' | 'nested' | 'ended'

/** How statements are issued. */
export interface IssueOptions {
  readonly alone: boolean
  readonly rows?: Rows
  readonly limit?: Limit | undefined
  /** Commit behind the statements, and end the handle. */
  readonly commit?: boolean
  readonly copy?: CopyQuery
}

/** What is behind a {@link Transaction}: its state, its queue, its savepoints. */
export class TransactionHandle {
  readonly depth: number
  readonly unit: Unit
  #state: State = 'open'
  readonly #queue: StatementQueue
  #child: TransactionHandle | undefined
  #nested: Promise<unknown> | undefined

  constructor(unit: Unit, depth: number) {
    this.unit = unit
    this.depth = depth
    this.#queue = new StatementQueue(unit)
  }

  /** Issues statements as one item. Rejects only when they cannot be issued. */
  issue(steps: readonly Step[], options: IssueOptions): Promise<ItemAnswer> {
    const { alone, rows, limit, commit = false, copy } = options
    this.#checkOpen()
    if (commit && this.depth > 0) throw innerCommit()
    // After COMMIT nothing may follow; what was issued before leaves before it.
    if (commit) this.#state = 'ended'
    return new Promise((resolve) => {
      this.#queue.add({
        steps: commit ? [...steps, hiddenStep('commit')] : steps,
        alone,
        rows,
        copy,
        limit,
        settle: (answer) => {
          limit?.dispose()
          if (commit && answer.error === undefined) this.unit.committed = true
          // The transaction itself rejects then, so a statement that nobody awaited is no unhandled rejection.
          resolve(answer)
        },
      })
    })
  }

  /** Has a statement ride with the next one, if there will be one. */
  afterwards(step: Step): void {
    if (this.#state === 'open' && !this.isAborted) this.unit.opening.push(step)
  }

  /** A name that no other cursor of this transaction has. */
  nextCursor(): string {
    this.unit.cursors += 1
    return `pooler_safe_cursor_${this.unit.cursors}`
  }

  /** It takes nothing any more: its COMMIT was issued, or its limit has fired. */
  get hasEnded(): boolean {
    return this.#state === 'ended'
  }

  /** Says whether an error of a statement is also the error of the whole transaction. */
  get isAborted(): boolean {
    return this.#queue.refusal() !== undefined
  }

  /** Runs `work` behind a savepoint. Savepoint and release ride with the statements next to them. */
  nest<T>(
    work: (tx: TransactionSession) => Promise<T>,
    limit: Limit | undefined,
    settings: Settings | undefined,
  ): Promise<T> {
    this.#checkOpen()
    this.#state = 'nested'
    const running = this.#nest(work, limit, settings).finally(() => {
      this.#nested = undefined
      this.#child = undefined
      if (this.#state === 'nested') this.#state = 'open'
    })
    this.#nested = running
    return running
  }

  /** Runs the callback, waits for what it did not await, and closes the handle. */
  async perform<T>(work: (tx: TransactionSession) => Promise<T>, limit: Limit | undefined): Promise<T> {
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

  async #nest<T>(
    work: (tx: TransactionSession) => Promise<T>,
    limit: Limit | undefined,
    settings: Settings | undefined,
  ): Promise<T> {
    const { opening } = this.unit
    const inner = new TransactionHandle(this.unit, this.depth + 1)
    const name = `pooler_safe_${inner.depth}`
    const savepoint = hiddenStep(`savepoint ${name}`)
    try {
      await this.#queue.drained()
      this.#checkHealthy()
      if (this.#state === 'ended') throw ended()
      opening.push(savepoint)
      if (settings) opening.push(settings.save(name), ...settings.enter())
      this.#child = inner
      const result = await inner.perform(work, limit)
      if (this.#takeBack(savepoint)) return result
      if (settings) opening.push(settings.leave(name))
      opening.push(hiddenStep(`release savepoint ${name}`))
      return result
    } catch (error) {
      if (this.#child === inner && !this.#takeBack(savepoint)) await this.#rollBackTo(name)
      throw error
    } finally {
      limit?.dispose()
    }
  }

  /** Forgets a savepoint that was never sent, with whatever was to follow it. */
  #takeBack(savepoint: Step): boolean {
    const { opening } = this.unit
    const at = opening.indexOf(savepoint)
    if (at >= 0) opening.splice(at)
    return at >= 0
  }

  async #rollBackTo(name: string): Promise<void> {
    const { client, opening } = this.unit
    // What the inner transaction still had to send is undone before it happened.
    opening.length = 0
    try {
      await client.cancelling
      if (this.#state === 'ended') throw ended()
      const query = new SafeQuery(`rollback to savepoint ${name}; release savepoint ${name}`)
      query.scope = 'internal'
      await run(client, query)
    } catch (error) {
      // What the savepoint was to protect is in an unknown state: only the whole transaction can be undone now.
      this.unit.fatal ??= error
    }
  }

  #untilFired<T>(work: (tx: TransactionSession) => Promise<T>, limit: Limit | undefined): Promise<T> {
    const working = Promise.resolve(new TransactionSession(this, undefined)).then(work)
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
    this.#queue.close(fired)
    if (this.#child) this.#child.#close(fired)
  }

  #checkOpen(): void {
    if (this.#state === 'open') return
    throw this.#state === 'ended' ? ended() : busy()
  }

  /** An error that the callback swallowed has aborted the transaction all the same. */
  #checkHealthy(): void {
    const refusal = this.#queue.refusal()
    if (refusal) throw refusal
  }

  /** Nothing runs or is queued, here or in a nested transaction. */
  async #settled(): Promise<void> {
    while (!this.#queue.isIdle || this.#nested) {
      await this.#nested?.catch(() => undefined)
      await this.#queue.drained()
    }
  }
}
