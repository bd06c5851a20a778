import { analyzeSql, classifyAnalysis, hazardDocsUrl } from '@pooler-safe/hazards'
import type { AnalyzedStatement, Command, HazardId, SqlAnalysis, SqlFinding } from '@pooler-safe/hazards'
import { hazardHint, hazardTitle } from '../errors/catalogue-text.ts'
import { PoolerSafeError, type PoolerSafeCode } from '../errors/pooler-safe-error.ts'
import { SqlRefusedError, type TextPosition } from '../errors/sql-refused-error.ts'
import type { TransactionStatus } from './pg-internals.ts'

/**
 * Who sends a text, which decides about transaction control.
 *
 * - `client`: the holder of a checked-out client. BEGIN … COMMIT are normal, and watched.
 * - `pool`: `pool.query`. Only a text that opens and closes its own transaction may control one.
 * - `session`: `Database.query`. One statement, no transaction control.
 * - `transaction`: `Transaction.query`. One statement, no transaction control: the handle does that.
 * - `batch`: `Database.batch`. As `transaction`, but for savepoints, which are its own.
 * - `internal`: the transaction handle itself.
 */
export type Scope = 'client' | 'pool' | 'session' | 'transaction' | 'batch' | 'internal'

/** What the policy decided about a text. */
export interface Judgement {
  readonly refusal?: Error
  /** Present when the text controls a transaction, so that its answers have to be verified. */
  readonly control?: SqlAnalysis
}

const harmless: Judgement = {}

/**
 * Decides whether a text may be sent, before a byte of it is.
 *
 * Texts seen before cost one look-up in the classifier's cache.
 */
export function judgeSql(text: string, extended: boolean, scope: Scope, status: TransactionStatus): Judgement {
  const analysis = analyzeSql(text)
  if (analysis.unreadable !== undefined) return { refusal: unreadable(analysis.unreadable) }
  if (analysis.statements.length > 1) {
    if (extended) return { refusal: severalStatements(analysis, 'Several statements cannot be sent with parameters.') }
    if (isSession(scope)) {
      return { refusal: severalStatements(analysis, 'A session query is one statement.') }
    }
  } else if (analysis.verdict === 'safe' && (!extended || analysis.statements[0]?.command !== 'copy-in')) {
    return harmless
  }
  return judgeUnsafe(analysis, extended, scope, status)
}

/** What the policy decided about one statement of a batch or transaction. */
export interface StepJudgement {
  readonly refusal?: Error | undefined
  readonly command: Command
  /** It needs an explicit BEGIN before it: savepoints, locks, settings, and routines that could commit half of a batch. */
  readonly needsBlock: boolean
}

/** Decides about a statement that is to share a transaction, and one Sync, with others. */
export function judgeStep(text: string, scope: 'batch' | 'transaction'): StepJudgement {
  const analysis = analyzeSql(text)
  const statement = analysis.statements[0]
  const command = statement?.command ?? 'other'
  const needsBlock = analysis.verdict !== 'safe'
  if (!statement || analysis.unreadable !== undefined || analysis.statements.length > 1) {
    return { refusal: judgeSql(text, true, scope, 'T').refusal, command, needsBlock }
  }
  if (command === 'copy-in' || command === 'copy-out') return { refusal: copyRefused(statement), command, needsBlock }
  if (command === 'no-transaction' && analysis.verdict === 'safe') {
    return { refusal: outsideOnly(statement), command, needsBlock }
  }
  if (scope === 'batch' && needsOpen.has(command)) return { command, needsBlock: true }
  return { refusal: judgeSql(text, true, scope, 'T').refusal, command, needsBlock }
}

function isSession(scope: Scope): scope is 'session' | 'transaction' | 'batch' {
  return scope === 'session' || scope === 'transaction' || scope === 'batch'
}

/** Whether a text that fails outside a transaction leaves nothing behind: `vacuum` does, and a routine may commit. */
export function isTransactional(text: string): boolean {
  return analyzeSql(text).statements.every(
    ({ command, verdict }) => command !== 'no-transaction' && verdict !== 'opaque',
  )
}

function judgeUnsafe(analysis: SqlAnalysis, extended: boolean, scope: Scope, status: TransactionStatus): Judgement {
  const copy = analysis.statements.find(({ command }) => command === 'copy-in')
  if (copy && (extended || isSession(scope))) return { refusal: copyRefused(copy) }

  const walk = walkTransactions(analysis, scope, status)
  if (walk.refusal) return walk
  // A text that controls transactions is read from its start, and each finding is held against the walk.
  const mode = status === 'I' || walk.control ? 'autocommit' : 'transaction'
  const finding = classifyAnalysis(analysis, { mode, bound: extended }).find((one) => isRefused(one, walk))
  if (finding) return { refusal: refusedFinding(finding) }
  return walk.control ? { control: walk.control } : harmless
}

/** A statement that leaves or reads session state, or that has no meaning without the transaction it is not in. */
function isRefused({ verdict, refuse, statement }: SqlFinding, walk: Walk): boolean {
  if (!refuse) return false
  return verdict === 'session' || (verdict === 'tx' && !walk.openAt?.[statement])
}

interface Walk extends Judgement {
  /** Per statement of the text, whether an explicit transaction is open when it starts. */
  readonly openAt?: readonly boolean[]
}

const endings: ReadonlySet<Command> = new Set(['commit', 'rollback', 'prepare-transaction'])
const needsOpen: ReadonlySet<Command> = new Set(['savepoint', 'release', 'rollback-to'])
export const controlling: ReadonlySet<Command> = new Set<Command>([
  'begin',
  'commit',
  'commit-and-chain',
  'rollback',
  'rollback-and-chain',
  'prepare-transaction',
  'savepoint',
  'release',
  'rollback-to',
])

/** Follows the transaction status through a text, statement by statement. */
function walkTransactions(analysis: SqlAnalysis, scope: Scope, status: TransactionStatus): Walk {
  const openAt: boolean[] = []
  let open = status !== 'I'
  let last: AnalyzedStatement | undefined
  for (const statement of analysis.statements) {
    const { command } = statement
    openAt.push(open)
    if (!controlling.has(command)) continue
    if (isSession(scope)) return { refusal: controlInSession(statement, scope) }
    last = statement
    if (command === 'begin') {
      if (open) return { refusal: control(statement, 'already-in-tx', 'A transaction is already open on this client.') }
      open = true
      continue
    }
    // ROLLBACK without a transaction does what it says: libraries send it after a COMMIT that failed.
    if (!open && (command !== 'rollback' || scope === 'pool')) {
      return { refusal: scope === 'pool' ? controlOnPool(statement) : outside(statement) }
    }
    if (endings.has(command)) open = false
  }
  if (!last) return { openAt }
  if (scope === 'pool' && open) return { refusal: controlOnPool(last) }
  return { openAt, control: analysis }
}

function outside(statement: AnalyzedStatement): SqlRefusedError {
  if (needsOpen.has(statement.command)) {
    return control(
      statement,
      'savepoint-misuse',
      'A savepoint needs an open transaction, and none is open on this client.',
    )
  }
  return control(statement, 'commit-outside-tx', 'No transaction is open on this client, so there is nothing to end.')
}

function controlOnPool(statement: AnalyzedStatement): SqlRefusedError {
  return control(
    statement,
    'begin-on-pool-query',
    'pool.query may run each statement on another backend, so a transaction cannot be controlled through it.',
  )
}

function controlInSession(statement: AnalyzedStatement, scope: 'session' | 'transaction' | 'batch'): SqlRefusedError {
  const hazard =
    scope === 'session'
      ? 'begin-on-pool-query'
      : needsOpen.has(statement.command)
        ? 'savepoint-misuse'
        : 'already-in-tx'
  return control(statement, hazard, 'Transactions are opened and ended by transaction(work), not by SQL.', {
    hint:
      scope === 'session'
        ? 'Use db.transaction(async (tx) => { … }).'
        : scope === 'batch'
          ? 'A batch is one transaction already: leave BEGIN and COMMIT out.'
          : 'Return from the callback to commit, throw to roll back, and use tx.transaction(work) for a savepoint.',
  })
}

function control(
  statement: AnalyzedStatement,
  hazard: HazardId,
  message: string,
  { hint = hazardHint(hazard) }: { hint?: string | undefined } = {},
): SqlRefusedError {
  return refused(
    'POOLER_SAFE_TRANSACTION_CONTROL',
    message,
    hazard,
    hint,
    statement.command,
    statement,
    statement.index,
  )
}

function refusedFinding(finding: SqlFinding): SqlRefusedError {
  const needsTransaction = finding.verdict === 'tx'
  const code: PoolerSafeCode = needsTransaction ? 'POOLER_SAFE_NEEDS_TRANSACTION' : 'POOLER_SAFE_SESSION_STATE'
  const message = `${finding.subject}: ${hazardTitle(finding.hazard)} (refused before it was sent)`
  return refused(code, message, finding.hazard, hazardHint(finding.hazard), finding.subject, finding, finding.statement)
}

function copyRefused(statement: AnalyzedStatement): SqlRefusedError {
  return refused(
    'POOLER_SAFE_COPY',
    'COPY FROM STDIN needs a stream and the simple protocol: sent like this it swallows the Sync behind it.',
    'copy',
    'Check out a client and use pg-copy-streams without parameters.',
    'copy',
    statement,
    statement.index,
  )
}

function outsideOnly(statement: AnalyzedStatement): SqlRefusedError {
  return refused(
    'POOLER_SAFE_NO_TRANSACTION',
    'PostgreSQL runs this command only outside of transactions, so it cannot share one.',
    'long-statements',
    'Run it alone, through db.query().',
    statement.reasons[0]?.subject ?? 'the command',
    statement,
    statement.index,
  )
}

function severalStatements(analysis: SqlAnalysis, why: string): SqlRefusedError {
  const second = analysis.statements[1] ?? { start: 0, end: 0 }
  return refused(
    'POOLER_SAFE_MULTIPLE_STATEMENTS',
    `${why} This text holds ${analysis.statements.length}.`,
    'simple-multi-parse',
    'Send them one by one inside transaction(work), or without parameters through pool.query.',
    ';',
    second,
    1,
  )
}

function refused(
  code: PoolerSafeCode,
  message: string,
  hazard: HazardId,
  hint: string | undefined,
  subject: string,
  { start, end }: TextPosition,
  statement: number,
): SqlRefusedError {
  return new SqlRefusedError(code, message, {
    hazard,
    hint,
    docsUrl: hazardDocsUrl(hazard),
    subject,
    position: { start, end },
    statement,
  })
}

/** The refusal of a text that cannot be judged. */
export function unreadable(reason: string): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_UNREADABLE_SQL', `The text cannot be read as SQL: ${reason}.`, {
    outcome: 'not-executed',
    hint: 'Close the string, comment or quoted name, and pass values as parameters instead of building them into the text.',
  })
}
