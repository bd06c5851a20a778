import type { HazardId, Severity } from '../hazard.ts'
import { analyzeSql } from './analyze.ts'
import type { AnalyzedStatement, SqlAnalysis, SqlContext, SqlFinding, SqlReason } from './analysis.ts'
import { sqlSeverities } from './table.ts'

const nothing: readonly SqlFinding[] = Object.freeze([])

/** Where a statement stands: alone, in the implicit transaction of a text or batch, in an explicit transaction. */
type Surroundings = 'alone' | 'implicit' | 'explicit'

/**
 * The hazards of a text in the context it runs in (default: alone, without bound values), in textual order.
 *
 * - `autocommit`: everything that needs or controls a transaction is a hazard, unless the text itself opens and closes
 *   that transaction (`begin; set local …; commit`). Several statements without bound values are one simple Query,
 *   which PostgreSQL runs in one implicit transaction: there `set local`, transaction-level locks, `lock table`,
 *   cursors and `on commit drop` work for the statements after them; `savepoint`, `commit` and `vacuum` do not
 *   (observed on PostgreSQL 15). With bound values several statements are a syntax error (42601).
 * - `transaction`: what needs a transaction is fine; session state, a second `begin` and a `commit` behind the back of
 *   whoever manages the transaction are not.
 * - `batch`: statements that share one Sync with others, hence one implicit transaction. Transaction control,
 *   savepoints, cursors, `lock table`, COPY, and what PostgreSQL refuses inside a transaction are refused. `set local`
 *   works there, at the price of a warning.
 *
 * A finding with `refuse: false` is advice. Cheap when there is nothing to say: the cost of `analyzeSql`.
 */
export function classifySql(text: string, context?: SqlContext): readonly SqlFinding[] {
  const analysis = analyzeSql(text)
  if (analysis.statements.length === 1 && analysis.statements[0]?.reasons.length === 0) return nothing
  return classifyAnalysis(analysis, context)
}

/** The hazards of a text that has been analysed already (by either classifier); see `classifySql`. */
export function classifyAnalysis(
  analysis: SqlAnalysis,
  context: SqlContext = { mode: 'autocommit' },
): readonly SqlFinding[] {
  const walk = new Walk(analysis, context)
  walk.run()
  return walk.findings.length === 0 ? nothing : walk.findings
}

function severityOf(hazard: HazardId): Severity {
  return (sqlSeverities as Partial<Record<HazardId, Severity>>)[hazard] ?? 'wrong'
}

/** Walks through the statements of a text and keeps track of the transaction they are in. */
class Walk {
  readonly findings: SqlFinding[] = []
  readonly #statements: readonly AnalyzedStatement[]
  readonly #mode: SqlContext['mode']
  readonly #bound: boolean
  /** Surroundings outside any transaction that the text opens itself. */
  readonly #base: Surroundings
  #now: Surroundings
  /** The statement that opened the explicit transaction, and its reason. */
  #opening: { readonly statement: AnalyzedStatement; readonly reason: SqlReason } | undefined

  constructor(analysis: SqlAnalysis, context: SqlContext) {
    this.#statements = analysis.statements
    this.#mode = context.mode
    this.#bound = context.bound === true
    this.#base =
      context.mode === 'transaction'
        ? 'explicit'
        : context.mode === 'batch' || analysis.statements.length > 1
          ? 'implicit'
          : 'alone'
    this.#now = this.#base
  }

  run(): void {
    this.#severalStatements()
    for (const statement of this.#statements) {
      for (const reason of statement.reasons) this.#judge(statement, reason)
    }
    if (this.#opening) this.#report(this.#opening.statement, this.#opening.reason, true, 'begin-on-pool-query')
    if (this.findings.length > 1) this.findings.sort((a, b) => a.start - b.start)
  }

  #report(statement: AnalyzedStatement, reason: SqlReason, refuse: boolean, hazard: HazardId = reason.hazard): void {
    this.findings.push({ ...reason, hazard, statement: statement.index, severity: severityOf(hazard), refuse })
  }

  #severalStatements(): void {
    const second = this.#statements[1]
    if (!second) return
    const { start, end, verdict } = second
    const reason = { hazard: 'simple-multi-parse', verdict, subject: 'several statements', start, end } as const
    if (this.#bound || this.#mode === 'batch') this.#report(second, reason, true)
    else if (this.#mode === 'autocommit' && !this.#isUnit())
      this.#report(second, reason, false, 'multi-statement-simple')
  }

  /** Whether the text is one transaction from its first statement to its last. */
  #isUnit(): boolean {
    const last = this.#statements.at(-1)?.command
    return this.#statements[0]?.command === 'begin' && (last === 'commit' || last === 'rollback')
  }

  #judge(statement: AnalyzedStatement, reason: SqlReason): void {
    switch (reason.verdict) {
      case 'session': {
        const inside = this.#now === 'explicit' && reason.hazard === 'session-set'
        this.#report(statement, reason, true, inside ? 'set-in-committed-tx' : reason.hazard)
        return
      }
      case 'tx':
        if (!this.#works(statement, reason)) this.#report(statement, reason, true)
        return
      case 'txctl':
        this.#transactionControl(statement, reason)
        return
      case 'opaque':
        this.#report(statement, reason, false)
        return
      case 'safe':
        this.#remark(statement, reason)
    }
  }

  /** Whether something that needs an open transaction has one, and one that lives on. */
  #works(statement: AnalyzedStatement, reason: SqlReason): boolean {
    if (this.#now === 'explicit') return true
    if (this.#now === 'alone' || reason.hazard === 'savepoint-misuse') return false
    if (this.#mode === 'batch') {
      const isLockTable = reason.hazard === 'autocommit-locks' && reason.subject.toLowerCase() === 'lock'
      return !isLockTable && reason.hazard !== 'declare-outside-tx'
    }
    return this.#isFollowed(statement)
  }

  /** Whether another statement of the same implicit transaction comes after this one. */
  #isFollowed(statement: AnalyzedStatement): boolean {
    const next = this.#statements[statement.index + 1]
    return next !== undefined && (next.verdict !== 'txctl' || next.command === 'begin')
  }

  #transactionControl(statement: AnalyzedStatement, reason: SqlReason): void {
    if (this.#mode === 'batch') {
      this.#report(statement, reason, true)
      return
    }
    const managed = this.#mode === 'transaction'
    const isOpen = this.#now === 'explicit'
    switch (statement.command) {
      case 'begin':
        if (isOpen) this.#report(statement, reason, true, 'already-in-tx')
        else this.#open(statement, reason)
        return
      case 'commit':
      case 'rollback':
        if (managed || !isOpen) this.#report(statement, reason, true)
        else this.#close()
        return
      case 'commit-and-chain':
      case 'rollback-and-chain':
        if (managed || !isOpen) this.#report(statement, reason, true)
        else this.#open(statement, reason)
        return
      case 'prepare-transaction':
        this.#report(statement, reason, managed || !isOpen)
        if (!managed) this.#close()
        return
      default:
        // `commit prepared` works by name from any backend, but only outside transactions.
        this.#report(statement, reason, this.#now !== 'alone')
    }
  }

  #open(statement: AnalyzedStatement, reason: SqlReason): void {
    this.#now = 'explicit'
    this.#opening = { statement, reason }
  }

  #close(): void {
    this.#now = this.#base
    this.#opening = undefined
  }

  #remark(statement: AnalyzedStatement, reason: SqlReason): void {
    switch (reason.hazard) {
      case 'copy':
        if (this.#mode === 'batch') this.#report(statement, reason, true)
        return
      case 'long-statements':
        this.#report(statement, reason, this.#now !== 'alone')
        return
      case 'autocommit-locks':
        if (this.#now === 'alone') this.#report(statement, reason, false)
        return
      default:
        this.#report(statement, reason, false)
    }
  }
}
