import { perform, type Answer } from '../batch/perform.ts'
import type { Rows } from '../batch/rows.ts'
import type { Step } from '../batch/step.ts'
import type { ResultInternals } from '../client/pg-internals.ts'
import type { CopyQuery } from '../copy/copy-query.ts'
import type { Interruption, SafeQuery } from '../client/safe-query.ts'
import { isPoolerSafeError, type PoolerSafeError } from '../errors/pooler-safe-error.ts'
import type { Limit } from './limit.ts'
import { run } from './run.ts'
import { toError } from '../errors/to-error.ts'
import { aborted } from './transaction-errors.ts'
import type { Unit } from './unit.ts'

/** What one caller gets back. */
export interface ItemAnswer {
  readonly error?: unknown
  /** Which of the item's statements the error belongs to. */
  readonly at?: number | undefined
  /** The statement was executed; its answer could not be decoded. */
  readonly undecoded?: boolean
  readonly results: readonly ResultInternals[]
}

/** What one call of the handle asks for: one statement, or a batch of them. */
export interface Item {
  readonly steps: readonly Step[]
  /** Shares its request with no other item. */
  readonly alone: boolean
  /** The rows that its steps are, if they are rows of one statement. */
  readonly rows?: Rows | undefined
  /** Runs behind the steps, as a request of its own. */
  readonly copy?: CopyQuery | undefined
  readonly limit: Limit | undefined
  settle(answer: ItemAnswer): void
}

/**
 * The statements of one handle, in the order they were issued.
 *
 * What is issued in one turn of the event loop leaves as one request, with whatever the transaction still has to open in
 * front of it. While a request is unanswered, what is issued waits and leaves together.
 */
export class StatementQueue {
  /** The first error that aborted the transaction while this handle was in charge. */
  firstError: unknown
  readonly #unit: Unit
  readonly #items: Item[] = []
  #running: readonly Item[] | undefined
  #request: SafeQuery | undefined
  #scheduled = false
  #closed: Interruption | undefined
  #idle: (() => void)[] = []

  constructor(unit: Unit) {
    this.#unit = unit
  }

  get isIdle(): boolean {
    return !this.#running && this.#items.length === 0
  }

  add(item: Item): void {
    this.#items.push(item)
    this.#unit.idle?.stop()
    item.limit?.onFire(() => this.#interrupt(item))
    if (this.#running || this.#scheduled) return
    this.#scheduled = true
    process.nextTick(() => {
      this.#scheduled = false
      this.#next()
    })
  }

  /** Nothing queued will run, and what runs is cancelled. */
  close(fired: Interruption): void {
    this.#closed = fired
    for (const item of this.#items.splice(0)) item.settle({ error: fired('not-executed'), results: [] })
    if (this.#request) this.#unit.client.interrupt(this.#request, fired)
  }

  /** Resolves when nothing runs or is queued. */
  drained(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Why no statement can run any more. PostgreSQL would answer 25P02, which hides the error that matters. */
  refusal(): Error | undefined {
    const { client, fatal, endedBy } = this.#unit
    if (endedBy) return endedBy
    // Statements that ran outside of the transaction, or inside a stranger's: that error says so, and stays the one that is seen.
    if (isLost(fatal)) return fatal
    if (fatal === undefined && client.status !== 'E') return undefined
    return aborted(fatal ?? this.firstError)
  }

  #interrupt(item: Item): void {
    const fired = item.limit?.fired
    if (!fired) return
    if (this.#running?.includes(item)) {
      if (this.#request) this.#unit.client.interrupt(this.#request, fired)
      return
    }
    const at = this.#items.indexOf(item)
    if (at < 0) return
    this.#items.splice(at, 1)
    item.settle({ error: fired('not-executed'), results: [] })
    this.#reportIdle()
  }

  #next(): void {
    if (this.#running) return
    const items = this.#take()
    if (items.length === 0) {
      this.#reportIdle()
      return
    }
    const refusal = this.refusal()
    if (refusal) {
      for (const item of items) item.settle({ error: refusal, results: [] })
      this.#next()
      return
    }
    this.#running = items
    void this.#run(items)
  }

  /** What leaves together: an item that wants to be alone, or all up to the next that does. */
  #take(): Item[] {
    const [first] = this.#items
    if (!first) return []
    if (first.alone || this.#unit.sequential) return this.#items.splice(0, 1)
    const end = this.#items.findIndex(({ alone }) => alone)
    return this.#items.splice(0, end < 0 ? this.#items.length : end)
  }

  async #run(items: readonly Item[]): Promise<void> {
    const { client, opening, sequential } = this.#unit
    const lead = opening.splice(0)
    if (lead.length > 0) this.#unit.begun = true
    const steps = [...lead, ...items.flatMap(({ steps }) => steps)]
    const copy = items[0]?.copy
    let answer: Answer = nothing
    if (steps.length > 0 || !copy) {
      answer = await perform(client, steps, {
        sequential,
        rows: items[0]?.rows,
        onStart: (request) => (this.#request = request),
      })
    }
    if (copy && answer.error === undefined) answer = await this.#copy(copy, steps.length)
    this.#request = undefined
    this.#running = undefined
    if (answer.error !== undefined) this.#failed(answer, lead.length)
    this.#settle(items, answer, lead.length)
    this.#next()
  }

  async #copy(copy: CopyQuery, failedStep: number): Promise<Answer> {
    const { client } = this.#unit
    this.#request = copy
    try {
      if (this.#closed) throw this.#closed('not-executed')
      await run(client, copy)
      return nothing
    } catch (error) {
      if (copy.isOutOfStep) client.evicted ??= toError(error)
      return { ...nothing, error: copy.ownError ?? error, failedStep }
    }
  }

  #failed({ error, failedStep }: Answer, lead: number): void {
    // Without what opens it, everything behind would run outside of the transaction.
    const unopened = failedStep === undefined ? lead > 0 : failedStep < lead
    if (isLost(error) || unopened) this.#unit.fatal ??= error
    if (this.#unit.client.status !== 'T') this.firstError ??= error
  }

  #settle(items: readonly Item[], answer: Answer, lead: number): void {
    let from = lead
    let result = 0
    for (const item of items) {
      if (item.copy) {
        item.settle({ error: answer.error, results: [] })
        return
      }
      const to = from + item.steps.length
      const visible = item.rows ? 1 : item.steps.filter(({ hidden }) => !hidden).length
      item.settle({ ...answerFor(answer, lead, from, to), results: answer.results.slice(result, result + visible) })
      from = to
      result += visible
    }
  }

  #reportIdle(): void {
    if (!this.isIdle) return
    if (this.#unit.begun) this.#unit.idle?.start()
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

const nothing: Answer = { error: undefined, failedStep: undefined, undecoded: new Map(), results: [] }

function isLost(error: unknown): error is PoolerSafeError {
  return isPoolerSafeError(error) && error.code === 'POOLER_SAFE_TRANSACTION_LOST'
}

/** What the statements `from` to `to` of a request have to do with its failure. */
function answerFor(
  { error, failedStep, undecoded }: Answer,
  lead: number,
  from: number,
  to: number,
): { readonly error?: unknown; readonly at?: number; readonly undecoded?: boolean } {
  if (error !== undefined) {
    if (failedStep === undefined || failedStep < lead || isLost(error)) return { error }
    if (failedStep < from) return { error: aborted(error) }
    if (failedStep < to) return { error, at: failedStep - from }
  }
  for (const [step, reason] of undecoded) {
    if (step >= from && step < to) return { error: reason, at: step - from, undecoded: true }
  }
  return {}
}
