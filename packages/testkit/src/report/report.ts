import { hazard, type HazardId, type Severity } from '@pooler-safe/hazards'
import type { AuditSchedule, OnViolation } from '../judge/client-trial.ts'
import type { AccusedClient, UnattributedResidue, Violation } from '../judge/violation.ts'
import type { ProfileName } from '../pooler/profile.ts'
import type { ScheduleName } from '../pooler/schedule.ts'
import type { RecordedTransaction } from '../recording/recording.ts'

/** A client connection as a report lists it. */
export interface ReportedClient extends AccusedClient {
  /** Milliseconds since the epoch. */
  readonly connectedAt: number
  readonly closedAt: number | undefined
}

/** A backend as a report lists it. */
export interface ReportedBackend {
  readonly pid: number
  readonly user: string
  readonly database: string
  readonly openedAt: number
  readonly closedAt: number | undefined
}

/** One transaction on the timeline of backends and clients. */
export interface ReportedTransaction {
  readonly id: number
  readonly client: number
  readonly backendPid: number
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly end: RecordedTransaction['end']
  /** Its statements, cut to 200 characters, at most 20. */
  readonly statements: readonly string[]
  /** Ids of the violations that it is charged with. */
  readonly violations: readonly number[]
}

/** Everything found of one hazard. */
export interface ReportedHazard {
  readonly hazard: HazardId
  readonly title: string
  readonly severity: Severity
  /** Occurrences, repetitions included. */
  readonly count: number
  readonly summary: string
  readonly alternative: string
  readonly docsUrl: string
  readonly violations: readonly Violation[]
}

/** What a pooler saw in a whole run. Plain data: it goes through JSON unchanged. */
export interface PoolerReport {
  readonly version: 1
  /** Replays the run's choice of backends. */
  readonly seed: number
  readonly schedule: ScheduleName
  readonly profile: ProfileName
  readonly audit: AuditSchedule
  readonly onViolation: OnViolation
  readonly startedAt: number
  readonly endedAt: number
  readonly counts: {
    readonly clients: number
    readonly backends: number
    readonly transactions: number
    readonly violations: number
    readonly allowed: number
    /** Found, but not kept because there were too many. */
    readonly dropped: number
  }
  /** Worst first. */
  readonly hazards: readonly ReportedHazard[]
  readonly allowed: readonly Violation[]
  readonly unattributed: readonly UnattributedResidue[]
  readonly clients: readonly ReportedClient[]
  readonly backends: readonly ReportedBackend[]
  /** The transactions that were kept, in the order they began. */
  readonly timeline: readonly ReportedTransaction[]
}

/** What a report is made of. */
export interface ReportSource extends Pick<
  PoolerReport,
  'seed' | 'schedule' | 'profile' | 'audit' | 'onViolation' | 'startedAt' | 'clients' | 'backends' | 'unattributed'
> {
  readonly violations: readonly Violation[]
  readonly dropped: number
  readonly transactions: readonly RecordedTransaction[]
  readonly transactionCount: number
}

/** Severities, worst first. */
export const severities: readonly Severity[] = ['leak', 'loss', 'wrong', 'hang', 'error', 'perf']

/** Sorts what a pooler saw into a report. */
export function makeReport(source: ReportSource): PoolerReport {
  const { violations, dropped, transactions, transactionCount, ...rest } = source
  const counted = violations.filter(({ allowedBecause }) => allowedBecause === undefined)
  const allowed = violations.filter(({ allowedBecause }) => allowedBecause !== undefined)
  const charged = new Map<number, number[]>()
  for (const { id, transaction } of counted) {
    if (!transaction) continue
    charged.set(transaction.id, [...(charged.get(transaction.id) ?? []), id])
  }
  return {
    version: 1,
    ...rest,
    endedAt: Date.now(),
    counts: {
      clients: source.clients.length,
      backends: source.backends.length,
      transactions: transactionCount,
      violations: counted.length,
      allowed: allowed.length,
      dropped,
    },
    hazards: byHazard(counted),
    allowed,
    timeline: transactions.map((one) => ({
      id: one.id,
      client: one.client,
      backendPid: one.backendPid,
      startedAt: one.startedAt,
      endedAt: one.endedAt,
      end: one.end,
      statements: one.statements
        .slice(0, 20)
        .map(({ sql, statementName, kind }) =>
          sql === undefined ? `${kind} ${statementName ?? ''}`.trim() : sql.slice(0, 200),
        ),
      violations: charged.get(one.id) ?? [],
    })),
  }
}

function byHazard(violations: readonly Violation[]): ReportedHazard[] {
  const groups = new Map<HazardId, Violation[]>()
  for (const violation of violations) {
    const group = groups.get(violation.hazard)
    if (group) group.push(violation)
    else groups.set(violation.hazard, [violation])
  }
  return [...groups]
    .map(([id, found]): ReportedHazard => {
      const { title, severity, summary } = hazard(id)
      const [first] = found
      return {
        hazard: id,
        title,
        severity,
        summary,
        count: found.reduce((sum, { occurrences }) => sum + occurrences, 0),
        alternative: first?.alternative ?? '',
        docsUrl: first?.docsUrl ?? '',
        violations: found,
      }
    })
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.count - a.count)
}

/** Whether a report has a violation at least as bad as the given severity (`perf`, the default, is every one). */
export function isFailing(report: PoolerReport, failOn: Severity = 'perf'): boolean {
  const limit = severities.indexOf(failOn)
  return report.hazards.some(({ severity }) => severities.indexOf(severity) <= limit)
}
