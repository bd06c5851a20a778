import type { HazardId } from '@pooler-safe/hazards'

/** A refusal that the client is told before we hang up. */
export class LoginRefused extends Error {
  readonly sqlstate: string
  readonly severity: 'ERROR' | undefined
  /** The hazard behind it, if it is one. */
  readonly hazard: HazardId | undefined
  /** What was seen, for a report. */
  readonly summary: string

  constructor(sqlstate: string, message: string, hazard?: HazardId, summary?: string, severity?: 'ERROR') {
    super(message)
    this.sqlstate = sqlstate
    this.hazard = hazard
    this.summary = summary ?? message
    this.severity = severity
  }
}
