import { analyzeSql, type Command, type HazardId } from '@pooler-safe/hazards'
import type { Notification, ServerMessage } from '../wire/decode.ts'
import { backend, frontend, status } from '../wire/message-types.ts'
import { answerFinding, noticeFinding } from './answer-findings.ts'
import type { TransactionStatement } from './cause-of-residue.ts'
import { textFindings } from './text-findings.ts'
import type { ViolationEvidence } from './violation.ts'

/** A hazard seen in a client's messages or in the answers to them, not yet charged. */
export interface Observation {
  readonly hazard: HazardId
  readonly evidence: ViolationEvidence
  readonly summary: string
  readonly sql: string | undefined
}

export interface ClientWatchOptions {
  /** How long a client may leave a transaction or a portal idle. 0 for ever. */
  readonly idleInTransactionMs: number
  /** The pooler carries named statements from backend to backend. */
  readonly tracksStatements: boolean
  /** Texts are judged before they run, not after. */
  readonly isStrict: boolean
  /** Whether transactions of this client are audited: then text alone proves nothing of what the audit would see. */
  readonly isAudited: () => boolean
  /** Called at once for each observation; it is charged when the transaction has been audited. */
  readonly onObservation: (observation: Observation) => void
}

/** How a transaction of a client ended without its own doing. */
export interface Abandonment {
  /** An answer was due. */
  readonly isRunning: boolean
  readonly transactionStatus: number
}

/** Statements that are kept of each transaction to explain what it left. */
const mostStatements = 200
/** Supavisor's quota of named statements for each client connection. */
const statementQuota = 100
const endings: ReadonlySet<Command> = new Set([
  'commit',
  'commit-and-chain',
  'rollback',
  'rollback-and-chain',
  'rollback-to',
  'prepare-transaction',
])
const endsTransaction = /\b(commit|end|rollback|prepare\s+transaction|abort)\b/i

/** What was sent up to one Sync or in one Query. */
class Request {
  /** Status of the transaction when it was sent. */
  readonly startedIn: number
  readonly statements: { sql: string; values: readonly string[]; isQuery: boolean }[] = []
  readonly endings: Command[] = []
  endingsAnswered = 0
  /** The first message was a Parse of this name, and it has not been answered. */
  firstParse: string | undefined
  isFirst = true
  isFailed = false

  constructor(startedIn: number) {
    this.startedIn = startedIn
  }
}

/**
 * Follows the messages of one client and the answers to them, and observes what breaks behind a transaction-mode pooler:
 * statements that outlive a transaction, requests that overlap, transactions that end otherwise than their client thinks.
 */
export class ClientWatch {
  readonly #options: ClientWatchOptions
  #observations: Observation[] = []
  #statements: TransactionStatement[] = []
  #statementsDropped = false
  #request = new Request(status.idle)
  #status: number = status.idle
  /** SQL of the named statements that this client parsed, whichever backend has them. */
  readonly #named = new Map<string, string>()
  /** Names parsed, and not closed, in this transaction. */
  readonly #parsedHere = new Set<string>()
  #unnamed: string | undefined
  #unnamedParsedHere = false
  #missing: string | undefined
  #quotaPassed = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: ClientWatchOptions) {
    this.#options = options
  }

  /** Whether the tags of what runs now can tell something. */
  get wantsTags(): boolean {
    return this.#request.endings.length > 0
  }

  /** The statements of the transaction under way, with how they ran. */
  get statements(): readonly TransactionStatement[] {
    return this.#statements
  }

  /** False when some of the transaction's statements were not kept. */
  get knowsAllStatements(): boolean {
    return !this.#statementsDropped
  }

  /** What was observed since the last call. */
  takeObservations(): Observation[] {
    const taken = this.#observations
    this.#observations = []
    return taken
  }

  /** The transaction is over: nothing of it lives on, as far as a client may expect. */
  forgetTransaction(): void {
    this.#clearTimer()
    this.#statements = []
    this.#statementsDropped = false
    this.#parsedHere.clear()
    this.#unnamedParsedHere = false
    this.#request = new Request(status.idle)
    this.#status = status.idle
  }

  observe(hazard: HazardId, evidence: ViolationEvidence, summary: string, sql = this.#lastSql()): void {
    const observation = { hazard, evidence, summary, sql }
    if (this.#observations.some((one) => one.hazard === hazard && one.sql === sql)) return
    this.#observations.push(observation)
    this.#options.onObservation(observation)
  }

  // What the client sends

  /** A message is forwarded. */
  sent(type: number): void {
    this.#clearTimer()
    if (type === frontend.functionCall) {
      this.observe('function-call-protocol', 'messages', 'a FunctionCall, which few poolers know')
    }
  }

  /** A message came while the answer to an earlier request was due. */
  sentAhead(type: number): void {
    if (type === frontend.terminate) return
    this.observe('sync-pipelining', 'messages', 'a request was sent before the one before it was answered', undefined)
  }

  /** A piece of the stream began with a Sync and went on with the next request. */
  sentSyncFirst(): void {
    this.observe(
      'split-frames',
      'messages',
      'a write that began with Sync and went on with the next request',
      undefined,
    )
  }

  query(sql: string): void {
    this.#request.isFirst = false
    if (this.#options.isStrict) this.#judgeText(sql)
    this.#run(sql, [], true)
  }

  parse(name: string, sql: string): void {
    if (this.#request.isFirst) this.#request.firstParse = name
    this.#request.isFirst = false
    if (this.#options.isStrict) this.#judgeText(sql)
    if (name === '') {
      this.#unnamed = sql
      this.#unnamedParsedHere = true
      return
    }
    if (this.#missing === name && this.#status === status.failed) {
      this.observe(
        '26000-retry',
        'messages',
        `statement "${name}" was parsed again in the transaction it had aborted`,
        sql,
      )
    }
    if (this.#options.isStrict) this.observe('named-parse', 'messages', `statement "${name}" has a name`, sql)
    this.#parsedHere.add(name)
    if (this.#named.size < 5_000) this.#named.set(name, sql)
    if (this.#named.size > statementQuota && !this.#quotaPassed) {
      this.#quotaPassed = true
      this.observe(
        'stmt-quota',
        'messages',
        `more than ${statementQuota} named statements on one client connection`,
        sql,
      )
    }
  }

  bind(portal: string, name: string, values: readonly string[]): void {
    this.#request.isFirst = false
    if (portal !== '' && name !== '') {
      this.observe(
        'named-portal-corrupts-frame',
        'messages',
        `portal "${portal}" of the named statement "${name}"`,
        this.#named.get(name),
      )
    }
    if (name === '') {
      if (!this.#unnamedParsedHere) {
        this.observe(
          'unnamed-split',
          'messages',
          'a Bind of the unnamed statement that was parsed before a Sync',
          this.#unnamed,
        )
      }
      if (this.#unnamed !== undefined) this.#run(this.#unnamed, values, false)
      return
    }
    const sql = this.#named.get(name)
    if (!this.#parsedHere.has(name)) this.#outlived(name, sql)
    if (sql !== undefined) this.#run(sql, values, false)
  }

  describe(name: string): void {
    this.#request.isFirst = false
    if (this.#parsedHere.has(name) || this.#options.tracksStatements) return
    this.observe(
      'describe-standalone',
      'messages',
      `a Describe of statement "${name}", which was parsed in an earlier transaction`,
      this.#named.get(name),
    )
  }

  close(name: string): void {
    this.#request.isFirst = false
    this.#named.delete(name)
    this.#parsedHere.delete(name)
  }

  /** The client gave a COPY up because nothing was to be sent. */
  copyFailed(reason: string): void {
    if (!reason.includes('No source stream')) return
    this.observe('copy', 'messages', 'COPY FROM STDIN was run by a driver that had nothing to send')
  }

  // What comes back

  /** A message of the backend begins. */
  answered(type: number): void {
    if (type === backend.parseComplete) this.#request.firstParse = undefined
    if (type === backend.portalSuspended) this.#waitForClient('portal-pinning', 'left a portal half read')
  }

  tag(tag: string): void {
    if (tag !== 'COMMIT' && tag !== 'ROLLBACK' && tag !== 'PREPARE TRANSACTION') return
    const command = this.#request.endings[this.#request.endingsAnswered]
    this.#request.endingsAnswered += 1
    const wantedCommit = command === 'commit' || command === 'commit-and-chain' || command === 'prepare-transaction'
    if (tag !== 'ROLLBACK' || !wantedCommit) return
    this.observe('commit-became-rollback', 'answer', 'COMMIT was answered with ROLLBACK: nothing was committed')
  }

  error(error: ServerMessage): void {
    const { firstParse } = this.#request
    if (firstParse !== undefined && firstParse !== '' && !this.#request.isFailed) {
      this.observe(
        'failed-parse-poison',
        'answer',
        `the Parse of statement "${firstParse}" failed: ${error.message}`,
        this.#named.get(firstParse),
      )
      this.#named.delete(firstParse)
      this.#parsedHere.delete(firstParse)
    }
    this.#request.isFailed = true
    if (error.code === '26000') this.#missing = /"([^"]+)"/.exec(error.message)?.[1]
    const sql = this.#lastSql()
    const finding = answerFinding(error, sql, this.#request.startedIn === status.failed)
    if (finding) this.observe(finding.hazard, 'answer', finding.summary, sql)
  }

  notice(notice: ServerMessage): void {
    const finding = noticeFinding(notice)
    if (finding) this.observe(finding.hazard, 'answer', finding.summary)
  }

  notification({ channel }: Notification, listener: string | undefined): void {
    const from = listener === undefined ? '' : `, which ${listener} listens to`
    this.observe('listen', 'answer', `a notification of channel "${channel}" reached this client${from}`, undefined)
  }

  /** The request is answered. */
  ready(transactionStatus: number): void {
    this.#close(this.#request)
    this.#status = transactionStatus
    this.#request = new Request(transactionStatus)
    if (transactionStatus === status.idle) return
    this.#waitForClient('idle-in-tx', 'left its transaction idle')
  }

  /** The client went away in the middle of something. */
  abandoned({ isRunning, transactionStatus }: Abandonment): void {
    this.#clearTimer()
    const sql = this.#lastSql()
    if (isRunning && this.#request.endings.some((command) => command.startsWith('commit'))) {
      this.observe('ambiguous-commit', 'messages', 'the client left before it knew what became of its COMMIT', sql)
    } else if (isRunning && this.#request.statements.length > 0) {
      this.observe('query-timeout-client-only', 'messages', 'the client left while its statement was running', sql)
    } else if (transactionStatus !== status.idle) {
      this.observe('leaked-open-tx', 'messages', 'the client left with its transaction open', sql)
    }
  }

  #judgeText(sql: string): void {
    for (const { hazard, summary } of textFindings({ sql, values: [], mode: this.#modeNow() }, false)) {
      this.observe(hazard, 'text', summary, sql)
    }
  }

  #outlived(name: string, sql: string | undefined): void {
    if (this.#options.tracksStatements) return
    const summary =
      sql === undefined
        ? `statement "${name}" was used without being parsed by this client`
        : `statement "${name}" was parsed in an earlier transaction, perhaps on another backend`
    this.observe('named-parse', 'messages', summary, sql)
  }

  #run(sql: string, values: readonly string[], isQuery: boolean): void {
    const request = this.#request
    request.statements.push({ sql, values, isQuery })
    if (!endsTransaction.test(sql)) return
    for (const { command } of analyzeSql(sql).statements) if (endings.has(command)) request.endings.push(command)
  }

  /** Knows by now how each statement of the request ran: alone, in a transaction, or with others under one Sync. */
  #close(request: Request): void {
    let isOpen = request.startedIn !== status.idle
    for (const { sql, values, isQuery } of request.statements) {
      const mode = isOpen ? 'transaction' : isQuery || request.statements.length === 1 ? 'autocommit' : 'batch'
      const statement: TransactionStatement = { sql, values, mode }
      if (this.#statements.length < mostStatements) this.#statements.push(statement)
      else this.#statementsDropped = true
      for (const { hazard, summary } of textFindings(statement, this.#options.isAudited())) {
        this.observe(hazard, 'text', summary, sql)
      }
      if (isQuery) continue
      const command = analyzeSql(sql).statements[0]?.command
      if (command === 'begin') isOpen = true
      else if (command === 'commit' || command === 'rollback') isOpen = false
    }
  }

  #modeNow(): TransactionStatement['mode'] {
    if (this.#status !== status.idle) return 'transaction'
    return this.#request.statements.length > 0 ? 'batch' : 'autocommit'
  }

  #lastSql(): string | undefined {
    return this.#request.statements.at(-1)?.sql ?? this.#statements.at(-1)?.sql
  }

  #waitForClient(hazard: HazardId, what: string): void {
    const { idleInTransactionMs } = this.#options
    this.#clearTimer()
    if (idleInTransactionMs <= 0) return
    this.#timer = setTimeout(() => {
      this.observe(hazard, 'messages', `the client ${what} for more than ${idleInTransactionMs} ms`)
    }, idleInTransactionMs)
    this.#timer.unref()
  }

  #clearTimer(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
