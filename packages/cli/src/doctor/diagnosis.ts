import type { HazardId, Severity } from '@pooler-safe/hazards'
import type { BackendAudit } from '@pooler-safe/testkit'

export type DoctorMode = 'direct' | 'session' | 'transaction' | 'statement'

/** What became of a start-up parameter. */
export type StartupAnswer = 'applied' | 'dropped' | 'refused' | 'set-in-session'

/** Something that is wrong, or may hurt. */
export interface Diagnosis {
  readonly hazard: HazardId
  readonly severity: Severity
  /** What was seen. */
  readonly title: string
  readonly advice: string
}

export interface NetworkFacts {
  readonly tls: 'offered' | 'refused' | 'unknown'
  readonly tlsProtocol?: string
  readonly certificate?: {
    readonly subject: string
    readonly issuer: string
    readonly validTo: string
    /** Why it does not prove who answers; absent when it does. */
    readonly problem?: string
  }
  /** What the server lets clients log in with. */
  readonly authentication?: string
  /** Whether SCRAM can be bound to the TLS channel. */
  readonly channelBinding?: boolean
  readonly connectMs: number
  /** From a request to the answer of whatever listens, before any log-in. */
  readonly poolerRoundTripMs: number
}

export interface SessionFacts {
  readonly mode: DoctorMode
  readonly serverVersion: string
  readonly evidence: readonly string[]
  readonly startup: Readonly<Record<string, StartupAnswer>>
  /** What becomes of the name of a statement inside one transaction. */
  readonly namedStatements: 'kept' | 'translated' | 'refused' | 'not-probed'
  /** Answers to three requests that were sent at once inside one transaction. */
  readonly syncsInFlight: 'answered' | 'lost' | 'not-probed'
  readonly backendRoundTripMs: number
}

export interface DatabaseFacts {
  readonly settings: Readonly<Record<string, string>>
  /** The backends that were met, with what strangers left on them. */
  readonly backends: readonly BackendAudit[]
  /** How many transactions had a backend at once, and how many were asked for. */
  readonly poolSizeSeen: number
  readonly asked: number
}

/** Everything that `doctor` found. */
export interface DoctorReport {
  readonly schemaVersion: 1
  /** Without its password. */
  readonly url: string
  readonly pooler: string
  readonly network: NetworkFacts
  readonly session: SessionFacts
  readonly database: DatabaseFacts
  /** Worst first. */
  readonly findings: readonly Diagnosis[]
  readonly recommendations: Readonly<Record<string, readonly string[]>>
}
