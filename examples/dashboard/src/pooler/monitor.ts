import { redact } from '@pooler-safe/example-foundation'
import { auditGivenPooler } from '@pooler-safe/example-job-service/demo'
import type { BackendAudit } from '@pooler-safe/testkit'
import type { Database, EndpointReport } from 'pooler-safe'
import { countOwnBackends, readBackends, type Backend } from './backends.ts'
import { hazardTrials, tryHazard, type TrialResult } from './hazard-trials.ts'
import { sumOf, TelemetryCounter, type Telemetry, type TelemetrySum } from './telemetry.ts'

export interface PoolerMonitorOptions {
  /** On the URL of the pooler. */
  readonly database: Database
  /** The same URL. */
  readonly url: string
  /** What the pooler is, for people. */
  readonly description: string
  /** Asks every backend what was left on it, where the pooler itself can tell. Default: through the pooler. */
  readonly audit?: (() => Promise<readonly BackendAudit[]>) | undefined
  /** What was seen in other processes, by their names. */
  readonly others?: () => ReadonlyMap<string, Telemetry>
  /** What the URL was found to lead to, if that was looked at already. */
  readonly report?: EndpointReport
}

/** What the last audit found; `failed` is why there was none. */
export interface AuditResult {
  readonly at: Date
  readonly tookMs: number
  readonly audits: readonly BackendAudit[]
  readonly failed: string | undefined
}

/** Everything about the pooler at a moment. */
export interface PoolerReading {
  readonly endpoint: string
  readonly description: string
  readonly report: EndpointReport | undefined
  readonly settings: GuardSettings
  readonly total: TelemetrySum
  readonly processes: readonly { readonly name: string; readonly telemetry: TelemetrySum }[]
  readonly pool: { readonly open: number; readonly idle: number; readonly waiting: number; readonly max: number }
  readonly backends: readonly Backend[]
  readonly audit: AuditResult | undefined
  readonly trials: readonly TrialResult[]
}

export interface GuardSettings {
  readonly wireGuard: boolean
  readonly names: string
  readonly max: number
  readonly connectionTimeoutMs: number
}

const ownName = 'dashboard'
const mostAudited = 50
const auditBeginMs = 1_000

/** Knows what there is to know about the pooler of this instance. What it counts begins when it is made. */
export class PoolerMonitor implements Disposable {
  readonly #options: PoolerMonitorOptions
  readonly #telemetry = new TelemetryCounter()
  readonly #trials = new Map<string, TrialResult>()
  #report: EndpointReport | undefined
  #audit: AuditResult | undefined
  #auditing: Promise<AuditResult> | undefined

  constructor(options: PoolerMonitorOptions) {
    this.#options = options
    this.#report = options.report
  }

  /** Two numbers for everything that is counted here: another one means that the page looks different. */
  get version(): string {
    const { total } = this.#sums()
    return [total.queries, total.outcomeUnknown, this.#audit?.at.getTime() ?? 0, this.#trials.size].join('-')
  }

  async read(): Promise<PoolerReading> {
    const { database, url, description } = this.#options
    const { pool } = database
    const backends = await readBackends(database)
    return {
      endpoint: redact(url),
      description,
      report: this.#report,
      settings: settingsOf(database),
      ...this.#sums(),
      pool: { open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount, max: pool.options.max },
      backends,
      audit: this.#audit,
      trials: [...this.#trials.values()],
    }
  }

  /** Finds out anew what the URL leads to. */
  async probe(): Promise<EndpointReport> {
    this.#report = await this.#options.database.verify()
    return this.#report
  }

  /** Asks every backend what was left on it. Whoever asks meanwhile gets the same answer. */
  auditNow(): Promise<AuditResult> {
    return (this.#auditing ??= this.#runAudit().finally(() => (this.#auditing = undefined)))
  }

  /** Tries a hazard of {@link hazardTrials}; undefined when there is none of that id. */
  async tryHazard(id: string): Promise<TrialResult | undefined> {
    const trial = hazardTrials.find((one) => one.id === id)
    if (!trial) return undefined
    const result = await tryHazard(this.#options.url, trial)
    this.#trials.set(id, result)
    return result
  }

  [Symbol.dispose](): void {
    this.#telemetry[Symbol.dispose]()
  }

  #sums(): Pick<PoolerReading, 'total' | 'processes'> {
    const all = new Map([[ownName, this.#telemetry.snapshot()], ...(this.#options.others?.() ?? [])])
    return {
      total: sumOf([...all.values()]),
      processes: [...all].map(([name, telemetry]) => ({ name, telemetry: sumOf([telemetry]) })),
    }
  }

  async #runAudit(): Promise<AuditResult> {
    const started = performance.now()
    const ended = (audits: readonly BackendAudit[], failed?: string): AuditResult => {
      const tookMs = Math.round(performance.now() - started)
      return (this.#audit = { at: new Date(), tookMs, audits, failed })
    }
    try {
      const audits = await (this.#options.audit?.() ?? this.#auditThrough())
      return audits.length === 0 ? ended([], 'No backend could be asked.') : ended(audits)
    } catch (error) {
      return ended([], redact(error instanceof Error ? error.message : String(error)))
    }
  }

  /** How many backends a pooler has only its owner knows; those that are there can be seen. */
  async #auditThrough(): Promise<readonly BackendAudit[]> {
    const { database, url } = this.#options
    const there = await countOwnBackends(database)
    return auditGivenPooler(url, Math.min(mostAudited, Math.max(1, there)), auditBeginMs)
  }
}

function settingsOf({ pool }: Database): GuardSettings {
  const {
    wireGuard = false,
    names = 'strip',
    max,
    connectionTimeoutMillis = 0,
  } = pool.options as typeof pool.options & {
    readonly wireGuard?: boolean
    readonly names?: string
    readonly connectionTimeoutMillis?: number
  }
  return { wireGuard, names, max, connectionTimeoutMs: connectionTimeoutMillis }
}
