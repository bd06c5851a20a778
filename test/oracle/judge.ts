import { analyzeSql, classifySql, type SqlAnalysis } from '@pooler-safe/hazards'
import { analyzeWithGrammar, SqlSyntaxError } from '@pooler-safe/sql-grammar'
import { exceptions, type Exception } from './exceptions.ts'
import { askFresh, runRow, type Mode, type Run } from './experiment.ts'
import type { Piece } from './picture.ts'
import { exceptionsOf, type Row } from './row.ts'

/** What came out of one row. */
export interface Judgement {
  readonly row: Row
  readonly analysis: SqlAnalysis
  /** Where the classifier and PostgreSQL disagree, in words. */
  readonly disagreements: readonly string[]
  readonly alone: Run
  readonly inside: Run
}

/** Runs a row in both databases and compares what happened with what the classifiers say. */
export async function judge(row: Row, urls: Readonly<Record<Mode, string>>, undo: (mode: Mode) => Promise<void>) {
  const run = async (mode: Mode): Promise<Run> => {
    const seen = await runRow(urls[mode], row, mode)
    await undo(mode)
    return seen
  }
  const [alone, inside] = needsServer(row)
    ? [await run('alone'), await run('inside')]
    : await Promise.all([run('alone'), run('inside')])
  const analysis = analyzeSql(row.sql)
  const court = new Court(row, analysis, alone, inside)
  court.checkGrammar()
  court.checkAnswers()
  court.checkContext('alone')
  court.checkContext('inside')
  if (analysis.statements.length === 1) {
    court.checkCommand()
    if (analysis.verdict === 'session') await court.checkSession(urls, undo)
    if (analysis.verdict === 'tx') court.checkNeedsTransaction()
  }
  court.checkExceptions()
  return { row, analysis, disagreements: court.disagreements, alone, inside } satisfies Judgement
}

/** Whether the statement touches what both databases share, so that its two runs must not meet. */
function needsServer({ sql, undo }: Row): boolean {
  return undo !== undefined || /replication|^(?:alter (?:role|database|system)|grant|drop owned)/.test(sql)
}

class Court {
  readonly disagreements: string[] = []
  readonly #used = new Set<string>()
  readonly #row: Row
  readonly #analysis: SqlAnalysis
  readonly #runs: Readonly<Record<Mode, Run>>

  constructor(row: Row, analysis: SqlAnalysis, alone: Run, inside: Run) {
    this.#row = row
    this.#analysis = analysis
    this.#runs = { alone, inside }
  }

  /** Both classifiers read one table: on valid SQL they have to say the same. */
  checkGrammar(): void {
    try {
      const { verdict } = analyzeWithGrammar(this.#row.sql)
      if (verdict !== this.#analysis.verdict) {
        this.#object(`the token level says ${this.#analysis.verdict}, the grammar says ${verdict}`)
      }
    } catch (error) {
      if (!(error instanceof SqlSyntaxError) || this.#row.fails !== '42601') throw error
    }
  }

  /** A statement that fails for another reason than declared proves nothing. */
  checkAnswers(): void {
    const { fails, failsAlone = fails } = this.#row
    const command = this.#analysis.statements[0]?.command
    const { failsInside = fails ?? (command === 'no-transaction' ? '25001' : undefined) } = this.#row
    for (const [mode, expected] of [
      ['alone', failsAlone],
      ['inside', failsInside],
    ] as const) {
      const { answer } = this.#runs[mode]
      if (answer.sqlstate !== expected) {
        this.#object(`${mode}: expected ${expected ?? 'success'}, PostgreSQL said ${answer.text}`)
      }
    }
  }

  /** What `classifySql` lets pass leaves nothing and keeps the transaction status. */
  checkContext(mode: Mode): void {
    const findings = classifySql(this.#row.sql, { mode: mode === 'alone' ? 'autocommit' : 'transaction' })
    const { verdict } = this.#analysis
    if (verdict === 'opaque' || findings.some(({ refuse }) => refuse)) return
    const run = this.#runs[mode]
    const left = run.left.filter(({ kind }) => !this.#excused('lenient', kind))
    if (left.length > 0) this.#object(`${mode}: allowed (${verdict}), but left ${listed(left)}`)
    const status = run.answer.sqlstate !== undefined && mode === 'inside' ? 'E' : mode === 'inside' ? 'T' : 'I'
    if (run.status !== status) this.#object(`${mode}: allowed (${verdict}), but the status is ${run.status}`)
  }

  /** Transaction control ends in the status that its command says, everything else keeps it. */
  checkCommand(): void {
    const statement = this.#analysis.statements[0]
    if (!statement) return
    const { alone, inside } = this.#runs
    const { command, verdict } = statement
    if (alone.answer.sqlstate === '42601') return
    const open = command === 'begin' ? 'T' : 'I'
    if (alone.status !== open) this.#object(`alone: ${command} ends in status ${alone.status}, not ${open}`)
    const ends = ['commit', 'rollback', 'prepare-transaction'].includes(command)
    const expected = inside.answer.sqlstate !== undefined && !ends ? 'E' : ends ? 'I' : 'T'
    if (inside.status !== expected) this.#object(`inside: ${command} ends in status ${inside.status}, not ${expected}`)
    const refused = inside.answer.sqlstate === '25001' && alone.answer.sqlstate === undefined
    const mayRefuse = command === 'no-transaction' || command.endsWith('-prepared')
    if (refused && !mayRefuse && command !== 'set-transaction') {
      this.#object(`PostgreSQL refuses it inside a transaction, the command ${command} does not say so`)
    }
    if (command === 'no-transaction' && inside.answer.sqlstate !== '25001' && alone.answer.sqlstate === undefined) {
      this.#object('the command is no-transaction, but PostgreSQL runs it inside one')
    }
    if (verdict === 'txctl' && alone.left.length + inside.left.length > 0) {
      this.#object(`transaction control left ${listed([...alone.left, ...inside.left])}`)
    }
  }

  /** What is refused for the session's sake changes the session, or answers by what is in it. */
  async checkSession(urls: Readonly<Record<Mode, string>>, undo: (mode: Mode) => Promise<void>): Promise<void> {
    const { alone, inside } = this.#runs
    const isReal = ({ kind }: Piece): boolean => kind !== 'empty-placeholder'
    const left = { alone: alone.left.filter(isReal), inside: inside.left.filter(isReal) }
    if (left.alone.length > 0) {
      // COMMIT does not take it back.
      if (inside.answer.sqlstate === undefined && left.inside.length === 0) {
        this.#object(`left ${listed(left.alone)} alone, but nothing inside a transaction`)
      }
      return
    }
    if (left.inside.length > 0) return
    const { sql, given, shownBy } = this.#row
    if (shownBy !== undefined) {
      const fresh = await askFresh(urls.alone, shownBy)
      if (alone.shown === inside.shown && alone.shown !== fresh.text) return
      this.#object(`'${shownBy}' does not show it: ${String(alone.shown)}, fresh ${fresh.text}`)
      return
    }
    if (given) {
      const fresh = await askFresh(urls.alone, sql)
      await undo('alone')
      if (fresh.text !== alone.answer.text) return
    }
    // A refused statement changes nothing; that it was refused is declared.
    if (alone.answer.sqlstate !== undefined && inside.answer.sqlstate !== undefined) return
    if (!this.#excused('strict'))
      this.#object('refused for the session’s sake, but neither changes nor reads its state')
  }

  /** What is said to need a transaction fails without one, or is warned about, or has an effect only inside it. */
  checkNeedsTransaction(): void {
    const { alone, inside } = this.#runs
    if (alone.left.some(({ kind }) => !this.#excused('lenient', kind))) {
      this.#object(`needs a transaction, but left ${listed(alone.left)} without one`)
    }
    const pointless = alone.answer.sqlstate !== undefined || alone.notices.includes('25P01')
    if (pointless || inside.effect.length > 0 || this.#excused('strict')) return
    this.#object('said to need a transaction, but does the same without one')
  }

  checkExceptions(): void {
    const idle = exceptionsOf(this.#row).filter((id) => !this.#used.has(id))
    if (idle.length > 0) this.#object(`needs no exception ${idle.join(', ')}`)
  }

  #excused(side: Exception['side'], kind?: string): boolean {
    const id = exceptionsOf(this.#row).find((one) => {
      const exception: Exception = exceptions[one]
      return exception.side === side && (kind === undefined || (exception.kinds?.includes(kind) ?? true))
    })
    if (id !== undefined) this.#used.add(id)
    return id !== undefined
  }

  #object(what: string): void {
    this.disagreements.push(`${this.#row.sql}\n    ${what}`)
  }
}

const listed = (pieces: Run['left']): string => pieces.map(({ text }) => text).join(', ')
