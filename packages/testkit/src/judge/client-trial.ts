import type { BackendConnection } from '../pooler/backend-connection.ts'
import { hazardOfParameter } from '../pooler/startup-parameters.ts'
import type { AuditChange, BackendAuditor } from './backend-auditor.ts'
import { causeOf, type TransactionStatement } from './cause-of-residue.ts'
import { ClientWatch, type Abandonment, type Observation } from './client-watch.ts'
import type { Judge } from './judge.ts'
import type { AccusedClient, AccusedTransaction, Finding, Violation } from './violation.ts'

/** What to do about a violation. */
export type OnViolation =
  /** Write it down, and clean the backend. */
  | 'report'
  /** Write it down, and leave the backend as it is: what production does. */
  | 'leak'
  /** Write it down, clean the backend, and break the client. */
  | 'fail'

/** Which transactions are audited. */
export type AuditSchedule = 'every' | 'off' | { readonly sample: number }

/** What the trials of all clients of a pooler share. */
export interface Court {
  readonly judge: Judge
  readonly audit: AuditSchedule
  readonly onViolation: OnViolation
  readonly isStrict: boolean
  /** Clients wait for the judgement on their last transaction: to be broken in time, or to have their backend again. */
  readonly holdsClients: boolean
  readonly tracksStatements: boolean
  readonly idleInTransactionMs: number
  /** Who listens on a backend, in words; known while residue is left in place. */
  readonly listeners: WeakMap<BackendConnection, Map<string, string>>
  /** Audits under way. */
  readonly audits: Set<Promise<boolean>>
  /** Counts the transactions that could be audited. */
  transactions: number
}

/** A transaction that is over and waits for its audit. */
export interface Docket {
  readonly transaction: AccusedTransaction
  readonly statements: readonly TransactionStatement[]
  readonly knowsAllStatements: boolean
  readonly observations: readonly Observation[]
}

/** The court's business with one client connection: watches it, audits what it left, charges it. */
export class ClientTrial {
  readonly watch: ClientWatch
  readonly #court: Court
  readonly #client: () => AccusedClient
  readonly #auditor: BackendAuditor | undefined
  /** Start-up parameters that the pooler sets wherever this client runs. */
  readonly #imposed: Readonly<Record<string, string>>
  readonly #onBroken: (violation: Violation) => void
  #transaction: AccusedTransaction | undefined
  #isAudited = false

  constructor(
    court: Court,
    auditor: BackendAuditor | undefined,
    client: () => AccusedClient,
    imposed: Readonly<Record<string, string>>,
    onBroken: (violation: Violation) => void,
  ) {
    this.#court = court
    this.#auditor = auditor
    this.#client = client
    this.#imposed = imposed
    this.#onBroken = onBroken
    this.watch = new ClientWatch({
      idleInTransactionMs: court.idleInTransactionMs,
      tracksStatements: court.tracksStatements,
      isStrict: court.isStrict,
      isAudited: () => this.#isAudited,
      onObservation: (observation) => this.#observed(observation),
    })
  }

  /** True when the client may not go on before its transaction has been judged. */
  get holdsClient(): boolean {
    return this.#court.holdsClients
  }

  /** Whether the next transaction is one that a sample looks at, so that its backend has to be looked at before, too. */
  drawLot(): boolean {
    const { audit } = this.#court
    this.#court.transactions += 1
    if (!this.#auditor || audit === 'off') this.#isAudited = false
    else this.#isAudited = audit === 'every' || this.#court.transactions % audit.sample === 0
    return this.#isAudited && audit !== 'every'
  }

  /** Looks at a backend before a sampled transaction: what is new there, somebody else left. Answers whether it can be used. */
  async lookBefore(backend: BackendConnection, candidates: readonly number[]): Promise<boolean> {
    const verdict = await this.#auditor?.audit(backend)
    for (const { residue } of verdict?.changes ?? []) {
      this.#court.judge.noteUnattributed({ at: Date.now(), backendPid: backend.pid, residue, candidates })
    }
    return verdict?.isUsable ?? true
  }

  begin(transaction: AccusedTransaction): void {
    this.#transaction = transaction
  }

  /** The transaction is over. Answers what is to be audited, if it is; else it is judged by what was seen. */
  endTransaction(): Docket | undefined {
    const transaction = this.#transaction
    const { statements, knowsAllStatements } = this.watch
    const observations = this.watch.takeObservations()
    this.#transaction = undefined
    this.watch.forgetTransaction()
    if (transaction && this.#isAudited) return { transaction, statements, knowsAllStatements, observations }
    this.#chargeAll(observations, transaction)
    return undefined
  }

  /** Audits what a transaction left; nobody else has had its backend since. Resolves to whether the backend can be used. */
  audit(backend: BackendConnection, docket: Docket): Promise<boolean> {
    const { audits } = this.#court
    const audit = this.#audit(backend, docket).finally(() => audits.delete(audit))
    audits.add(audit)
    return audit
  }

  async #audit(backend: BackendConnection, docket: Docket): Promise<boolean> {
    const { transaction, statements, knowsAllStatements, observations } = docket
    // A cancel on its way would hit the audit.
    await new Promise<void>((resolve) => backend.whenNoCancel(resolve))
    const { changes, isUsable } = (await this.#auditor?.audit(backend)) ?? { changes: [], isUsable: true }
    const left = changes.map((change): Finding => {
      const cause =
        change.residue.name in this.#imposed
          ? { hazard: hazardOfParameter(change.residue.name, false), sql: undefined }
          : causeOf(change.residue, statements, knowsAllStatements)
      const { kind, name, value } = change.residue
      return {
        hazard: cause.hazard,
        evidence: 'residue',
        summary: describeChange(change),
        client: this.#client(),
        transaction,
        sql: cause.sql,
        residue: { kind, name, before: change.before, after: value },
      }
    })
    for (const finding of left) this.#charge(finding)
    if (this.#court.onViolation === 'leak') this.#rememberListeners(backend, changes)
    const proven = new Set(left.map(({ hazard }) => hazard))
    this.#chargeAll(
      observations.filter(({ hazard }) => !proven.has(hazard)),
      transaction,
    )
    return isUsable && backend.isOpen
  }

  /** The client or the backend is gone in the middle of a transaction, or the client without one. */
  abandoned(abandonment: Abandonment | undefined): void {
    if (abandonment) this.watch.abandoned(abandonment)
    this.#chargeAll(this.watch.takeObservations(), this.#transaction)
    this.#transaction = undefined
    this.watch.forgetTransaction()
  }

  /** Charges what was seen outside any transaction. */
  chargeNow(finding: Omit<Finding, 'client'>): void {
    this.#charge({ ...finding, client: this.#client() })
  }

  /** Who listens to a channel on a backend, as far as that was found. */
  listenerOf(backend: BackendConnection, channel: string): string | undefined {
    return this.#court.listeners.get(backend)?.get(channel)
  }

  #observed(observation: Observation): void {
    if (this.#court.isStrict) this.#charge({ ...observation, client: this.#client(), transaction: this.#transaction })
  }

  #chargeAll(observations: readonly Observation[], transaction: AccusedTransaction | undefined): void {
    if (this.#court.isStrict) return
    const client = this.#client()
    for (const observation of observations) this.#charge({ ...observation, client, transaction })
  }

  #charge(finding: Finding): void {
    const violation = this.#court.judge.charge(finding)
    const breaks = this.#court.onViolation === 'fail' || this.#court.isStrict
    if (breaks && violation.allowedBecause === undefined) this.#onBroken(violation)
  }

  #rememberListeners(backend: BackendConnection, changes: readonly AuditChange[]): void {
    for (const { residue } of changes) {
      if (residue.kind !== 'channel') continue
      const known = this.#court.listeners.get(backend) ?? new Map<string, string>()
      const { id, applicationName } = this.#client()
      known.set(residue.name, applicationName === '' ? `client ${id}` : `${applicationName} (client ${id})`)
      this.#court.listeners.set(backend, known)
    }
  }
}

function describeChange({ residue, before }: AuditChange): string {
  const { kind, name, value } = residue
  const what = `${kind.replaceAll('-', ' ')} ${name}`
  const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)
  if (before !== undefined) return `${what} was ${before === '' ? 'empty' : short(before)} and is ${short(value)}`
  return value === '' ? `${what} was left behind` : `${what} was left behind: ${short(value)}`
}
