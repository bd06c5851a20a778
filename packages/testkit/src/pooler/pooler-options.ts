import { randomInt } from 'node:crypto'
import { parseChaosRule, type ChaosRule, type RandomChaos } from '../chaos/plan.ts'
import type { AuditSchedule, OnViolation } from '../judge/client-trial.ts'
import type { AllowedViolation, Violation } from '../judge/violation.ts'
import type { RecordingLimits } from '../recording/recording.ts'
import { TestkitError } from '../testkit-error.ts'
import type { ServerCertificate } from '../wire/self-made-certificate.ts'
import type { PoolerEvent } from './pooler-event.ts'
import { profileOf, type PoolerProfile, type ProfileName } from './profile.ts'
import { scheduleNames, type ScheduleName } from './schedule.ts'

export interface StartPoolerOptions {
  /** URL of the PostgreSQL behind the pooler. Its user may log in at the pooler with the same password. */
  readonly upstream: string
  /** Transactions at once for each pair of user and database. Default 4. */
  readonly poolSize?: number
  /** The pooler that is imitated where poolers differ. Default `pgbouncer-1.18`. */
  readonly profile?: ProfileName
  /**
   * Loses what a client sent before its last request was answered, as Supavisor 2.9.10 and pgagroal 1.6 do now and then:
   * here always. Default false.
   */
  readonly losesPipelined?: boolean
  /** Which backend a client's next transaction gets. Default `rotate`. */
  readonly schedule?: ScheduleName
  /**
   * After which transactions the backend is asked what is new on it. `every` charges each piece of residue to the
   * transaction that left it; `{ sample: n }` looks at a backend before and after every n-th. Default `off`.
   */
  readonly audit?: AuditSchedule
  /**
   * What to do about residue: `report` cleans the backend, `leak` leaves it to the next client as production does, `fail`
   * cleans the backend and ends the client connection with an error. Default `report`.
   */
  readonly onViolation?: OnViolation
  /**
   * What happens to clients and backends: rules in words, such as `after the 2nd Execute of client A, kill its backend`
   * (see `parseChaosRule`), or disturbances at random messages, decided by the seed.
   */
  readonly chaos?: readonly string[] | RandomChaos
  /** Violations that are expected, each with the reason why. */
  readonly allow?: readonly AllowedViolation[]
  /** Called for each violation that is found; must not throw. */
  readonly onFinding?: (violation: Violation) => void
  /** How long a client may leave a transaction idle until that is a violation; 0 for ever. Default 5,000. */
  readonly idleInTransactionMs?: number
  /**
   * How long after the end of its last transaction a client may still ask for a cancel. A cancel that crosses the answer is
   * nobody's fault; a later one was meant for nothing that the client could still wait for. Default 1,000.
   */
  readonly lateCancelMs?: number
  /** Decides which backend is next; print it to replay a run. Default random. */
  readonly seed?: number
  /** Listen here; default is any free port of 127.0.0.1. */
  readonly port?: number
  /** How clients prove who they are. Default `scram`. */
  readonly clientAuth?: 'scram' | 'trust'
  /**
   * TLS for clients that ask for it: a key and a certificate in PEM, or `self-made` for one that is made at once; see
   * `certificate` of the pooler. Without it clients are told that there is no TLS.
   */
  readonly tls?: 'self-made' | ServerCertificate
  /** Passwords of more users. Roles whose SCRAM verifier the upstream user can read need none. */
  readonly users?: Readonly<Record<string, string>>
  /** False keeps no record of what ran where, and judges nothing. */
  readonly record?: boolean | RecordingLimits
  /** Start-up parameters that are dropped silently instead of refused, as PgBouncer's setting of that name; `'*'` for all. */
  readonly ignoreStartupParameters?: readonly string[]
  /** Client connections at once; more are refused as PgBouncer does. Default 10,000. */
  readonly maxClients?: number
  /** How long a client may wait for a backend; 0 for ever. Default as in the profile, 120,000 for PgBouncer. */
  readonly queryWaitTimeoutMs?: number
  /** How long a failed log-in upstream keeps others from trying. Default 200. */
  readonly serverLoginRetryMs?: number
  /** How long a client's log-in may take. Default 60,000. */
  readonly clientLoginTimeoutMs?: number
  /** Called for everything that happens; must not throw. */
  readonly onEvent?: (event: PoolerEvent) => void
}

/** The options with their defaults, checked. */
export interface PoolerSettings extends StartPoolerOptions {
  readonly behaviour: PoolerProfile
  readonly poolSize: number
  readonly seed: number
  readonly schedule: ScheduleName
  readonly audit: AuditSchedule
  readonly onViolation: OnViolation
  readonly waitTimeoutMs: number
  readonly chaosRules: readonly ChaosRule[]
  readonly randomChaos: RandomChaos | undefined
}

function refuse(message: string, hint?: string): TestkitError {
  return new TestkitError('invalid-option', message, hint === undefined ? {} : { hint })
}

const auditHint = `Give 'every', 'off' or { sample: n } with a whole number n of at least 1.`

function checkAudit(audit: AuditSchedule, record: StartPoolerOptions['record']): void {
  if (audit === 'off') return
  if (record === false) throw refuse('record is false, so an audit could not say who left what.', `Leave "record" out.`)
  if (audit === 'every') return
  const sample: unknown = typeof audit === 'object' ? audit.sample : undefined
  if (!Number.isInteger(sample) || (sample as number) < 1) throw refuse(`audit is ${JSON.stringify(audit)}.`, auditHint)
}

/** Fills in defaults. Throws `invalid-option` for what makes no sense. */
export function settingsOf(options: StartPoolerOptions): PoolerSettings {
  const { poolSize = 4, schedule = 'rotate', audit = 'off', onViolation = 'report' } = options
  if (!Number.isInteger(poolSize) || poolSize < 1) {
    throw refuse(`poolSize is ${String(poolSize)}; it must be a whole number of at least 1.`)
  }
  if (!scheduleNames.includes(schedule)) {
    throw refuse(`There is no schedule "${schedule as string}".`, `Choose one of ${scheduleNames.join(', ')}.`)
  }
  if (!['report', 'leak', 'fail'].includes(onViolation)) {
    throw refuse(`onViolation is "${onViolation as string}".`, 'Choose one of report, leak, fail.')
  }
  checkAudit(audit, options.record)
  const { chaos } = options
  const randomChaos =
    chaos !== undefined && 'every' in chaos && !Array.isArray(chaos) ? (chaos as RandomChaos) : undefined
  if (randomChaos && (!(randomChaos.every >= 1) || randomChaos.disturbances.length === 0)) {
    throw refuse('Random chaos needs "every" of at least 1, and one or more "disturbances".')
  }
  const behaviour = profileOf(options.profile ?? 'pgbouncer-1.18')
  return {
    ...options,
    behaviour,
    poolSize,
    seed: (options.seed ?? randomInt(2 ** 32)) >>> 0,
    schedule,
    audit,
    onViolation,
    chaosRules: Array.isArray(chaos) ? (chaos as readonly string[]).map(parseChaosRule) : [],
    randomChaos,
    waitTimeoutMs: options.queryWaitTimeoutMs ?? behaviour.queryWaitTimeoutMs,
  }
}
