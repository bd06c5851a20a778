import type { BackendAudit } from '../audit/residue.ts'
import { formatUrl, type ConnectionTarget } from '../connection-target.ts'
import type { UnattributedResidue, Violation } from '../judge/violation.ts'
import type { Recording } from '../recording/recording.ts'
import type { PoolerReport } from '../report/report.ts'
import type { PoolerAuditOptions } from './audit-pools.ts'
import { PoolerCore, type PoolerBackend } from './pooler-core.ts'
import type { StartPoolerOptions } from './pooler-options.ts'

/** A rotating transaction-mode pooler on loopback. */
export interface Pooler extends ConnectionTarget, AsyncDisposable {
  /** URL of the upstream user and database, through the pooler. */
  readonly url: string
  /** Decides which backend is next; the same seed and the same requests give the same choices. */
  readonly seed: number
  /** Transactions at once for each pair of user and database. */
  readonly poolSize: number
  /** The certificate that clients are shown, in PEM: what a client has to trust when it is self-made. */
  readonly certificate: string | undefined
  /** Which client's SQL ran on which backend. */
  readonly recording: Recording
  /** The same user, another database. */
  urlFor(database: string): string
  /** The open backends. There is at most one more than `poolSize` for each pair of user and database. */
  backends(): PoolerBackend[]
  /** How many clients have logged in. */
  clients(): number
  /** How many clients wait for a backend. */
  waiting(): number
  /** What clients did that breaks, leaks or loses data, in the order it was found; without what is allowed. */
  violations(): Violation[]
  /** Violations that the option `allow` expects. */
  allowedViolations(): Violation[]
  /** What a sampled audit met that no sampled transaction left. */
  unattributedResidue(): UnattributedResidue[]
  /** Everything seen so far, as data; see `renderReport`. */
  report(): PoolerReport
  /** Waits until every transaction that has ended is judged: a client has its answer before its backend is audited. */
  settle(): Promise<void>
  /** Under the schedule `swap-on-demand`: every client moves to another backend with its next transaction. */
  swap(): void
  /** Asks every backend what clients left on it, each as soon as no client uses it. Changes nothing. */
  audit(options?: PoolerAuditOptions): Promise<BackendAudit[]>
  /** Hangs up on a database's clients and closes its backends, so that it can be dropped. */
  closeDatabase(database: string): void
  /** Lets transactions end for `drainMs` (default 1,000), then hangs up on everybody. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
}

/**
 * Starts a transaction-mode pooler that makes rare bugs certain: with a pool size of two or more, every transaction of a
 * client runs on another backend than its transaction before.
 *
 * It behaves like PgBouncer 1.18 unless another profile is chosen: no prepared statements are tracked, five settings
 * follow the client, other start-up parameters are refused with 08P01. Rejects with `port-taken`, `invalid-url` or `invalid-option`; PostgreSQL is first
 * contacted when a client comes.
 *
 * @example
 * ```ts
 * await using pooler = await startPooler({ upstream: postgres.url, poolSize: 2, seed: 7 })
 * ```
 */
export async function startPooler(options: StartPoolerOptions): Promise<Pooler> {
  const core = new PoolerCore(options)
  const port = await core.listen()
  const target: ConnectionTarget = { ...core.upstream, host: '127.0.0.1', port, tls: undefined }
  const stop = ({ drainMs = 1_000 } = {}): Promise<void> => core.stop(drainMs)
  return {
    ...target,
    url: formatUrl(target),
    seed: core.settings.seed,
    poolSize: core.settings.poolSize,
    certificate: core.certificate?.cert,
    recording: core.recording,
    urlFor: (database) => formatUrl({ ...target, database }),
    backends: () => core.backends,
    clients: () => core.clientCount,
    waiting: () => core.waiting,
    violations: () => core.judge.violations.filter(({ allowedBecause }) => allowedBecause === undefined),
    allowedViolations: () => core.judge.violations.filter(({ allowedBecause }) => allowedBecause !== undefined),
    unattributedResidue: () => [...core.judge.unattributed],
    report: () => core.report(),
    settle: () => core.settle(),
    swap: () => core.swap(),
    audit: (auditOptions = {}) => core.audit(auditOptions),
    closeDatabase: (database) => core.closeDatabase(database),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  }
}
