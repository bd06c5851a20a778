import {
  PgResult,
  type CommandCompleteMessage,
  type ConnectionInternals,
  type ResultInternals,
} from '../client/pg-internals.ts'
import type { GuardedConnection } from '../client/safe-connection.ts'
import { attachFacts } from '../errors/facts.ts'
import { badResult, SafeQuery, type ToldRequest } from '../client/safe-query.ts'
import type { Rows } from './rows.ts'
import type { Step } from './step.ts'

/**
 * Several statements as one request: one write, one Sync, one answer.
 *
 * PostgreSQL runs them in order in one transaction and skips everything behind a failure until Sync. So the number of
 * completed statements says which one failed; when all had completed, it was the commit. The first of consecutive identical
 * texts is parsed and described, the others are only bound and executed: the unnamed statement lives until the next Parse,
 * and one Sync means one backend.
 */
export class SafeBatch extends SafeQuery {
  readonly steps: readonly Step[]
  /** Results of the statements that are not hidden, in order, as far as they completed. */
  readonly results: ResultInternals[] = []
  /** Statements whose answer could not be decoded. They were executed. */
  readonly undecoded = new Map<number, unknown>()
  /** How many statements had completed when the first error arrived; all of them when COMMIT at Sync failed. */
  failedStep: number | undefined
  /** ReadyForQuery arrived: the server has said everything about this request. */
  answered = false
  /** How many statements have completed. */
  completedSteps = 0
  readonly #rows: Rows | undefined
  #open: ResultInternals | undefined
  /** The tag of the last row, and the rows it counted. */
  #tag: string | undefined
  #tagCount = 0
  /** The description that a statement which is not described itself shares. */
  #fields: unknown
  /** A result without rows that has taken the description: to do that again takes longer than to copy it. */
  #described: ResultInternals | undefined

  /** With `rows`, the steps hold their model once for each row, and what they return is collected in one result. */
  constructor(steps: readonly Step[], rows?: Rows) {
    super('')
    this.queryMode = 'extended'
    this.scope = 'internal'
    this.steps = steps
    this.#rows = rows
  }

  protected override admit(guard: GuardedConnection): Error | undefined {
    return guard.admission.batch(this)
  }

  override prepare(connection: ConnectionInternals): void {
    const guard = connection as GuardedConnection
    const { steps } = this
    for (let index = 0; index < steps.length; index += 1) {
      const step = steps[index]
      if (!step) break
      // Judged when the step was made.
      guard.admitted = step.text
      if (step === this.#rows?.model) {
        this.#prepareRows(guard, this.#rows)
        index += this.#rows.count - 1
        continue
      }
      const fresh = this.#isFresh(index)
      if (fresh) connection.parse({ text: step.text })
      connection.bind({ values: step.values })
      if (fresh && !step.hidden) connection.describe({ type: 'P' })
      connection.execute({})
    }
    connection.sync()
  }

  #prepareRows(guard: GuardedConnection, rows: Rows): void {
    guard.parse({ text: rows.model.text })
    guard.rows(rows.firstBind())
    guard.describe({ type: 'P' })
    guard.rows(rows.rest())
  }

  override get told(): ToldRequest {
    const visible = this.steps.filter(({ hidden }) => !hidden)
    const steps = visible.length > 0 ? visible : this.steps
    const texts = steps.map(({ text }) => text).filter((text, index, all) => text !== all[index - 1])
    return {
      text: texts.join('; '),
      statements: steps.length,
      parameters: steps.reduce((sum, { values }) => sum + values.length, this.#rows?.parameters ?? 0),
    }
  }

  override handleRowDescription(message: unknown): void {
    if (this.#hidden) return
    this.#fields = (message as { fields: unknown }).fields
    if (!this.#rows) this.#open = undefined
    this.#result()
  }

  override handleDataRow(message: unknown): void {
    const { fields } = message as { fields: readonly string[] }
    if (this.#hidden) {
      this.steps[this.completedSteps]?.capture?.(fields[0] ?? '')
      return
    }
    if (this.undecoded.has(this.completedSteps)) return
    const result = this.#result()
    try {
      result.addRow(result.parseRow(fields))
    } catch (error) {
      this.#undecodable(error)
    }
  }

  override handleCommandComplete(message: CommandCompleteMessage): void {
    if (!this.#hidden) this.#complete(message)
    this.completedSteps += 1
  }

  override handleEmptyQuery(): void {
    if (!this.#hidden) this.#complete(undefined)
    this.completedSteps += 1
  }

  override fail(error: unknown, connection: ConnectionInternals): void {
    this.failedStep ??= this.completedSteps
    super.fail(error, connection)
  }

  override handleReadyForQuery(connection: ConnectionInternals): void {
    this.answered = true
    this._results = this.results
    super.handleReadyForQuery(connection)
  }

  /** The statement itself succeeded: only its answer could not be read. */
  #undecodable(error: unknown): void {
    attachFacts(error, { outcome: 'executed' })
    this.undecoded.set(this.completedSteps, error)
  }

  get #hidden(): boolean {
    return this.steps[this.completedSteps]?.hidden ?? true
  }

  #isFresh(index: number): boolean {
    const step = this.steps[index]
    const before = this.steps[index - 1]
    return !before || before.text !== step?.text || before.hidden !== step.hidden
  }

  #complete(message: CommandCompleteMessage | undefined): void {
    // Row after row says the same.
    if (message && this.#open && message.text === this.#tag) {
      const { rowCount } = this.#open
      if (rowCount !== null) this.#open.rowCount = rowCount + this.#tagCount
      return
    }
    if (!this.#open && this.#isFresh(this.completedSteps)) this.#fields = undefined
    const result = this.#result()
    const before = result.rowCount
    Object.assign(result, { rowCount: null })
    if (message) result.addCommandComplete(message)
    if (this.#rows) {
      this.#tag = message?.text
      this.#tagCount = result.rowCount ?? 0
      if (before !== null) result.rowCount = before + (result.rowCount ?? 0)
      if (this.results.length === 0) this.results.push(result)
      return
    }
    this.results.push(result)
    this.#open = undefined
  }

  #result(): ResultInternals {
    if (this.#open) return this.#open
    const result = new PgResult(undefined, this._result['_types'])
    this.#open = result
    if (this.#fields === undefined) return result
    if (this.#described?.fields === this.#fields) return Object.assign(result, this.#described, { rows: [] })
    try {
      result.addFields(this.#fields)
      this.#described = Object.assign(new PgResult(undefined, undefined), result)
    } catch (error) {
      // A type parser look-up that throws would escape into the socket's data handler and hang the client.
      this.#undecodable(badResult(error))
    }
    return result
  }
}
