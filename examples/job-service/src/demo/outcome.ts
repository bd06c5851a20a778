import type { BackendAudit } from '@pooler-safe/testkit'
import type { BatchCounts, Job, JobEvent, JobState } from '../index.ts'
import type { BackendActivity, Counting } from './backend-log.ts'
import type { Measurement } from './file-jobs.ts'
import type { FileRole } from './input-files.ts'
import { formatCount, oneLine, plural } from './view/text.ts'

/** What became of the job of one file. */
export interface FileOutcome {
  readonly name: string
  readonly path: string
  readonly role: FileRole
  readonly state: JobState
  readonly attempts: number
  readonly maxAttempts: number
  readonly measurement: Measurement | undefined
  readonly errorCode: string | undefined
  readonly error: string | undefined
}

/** All that is known when the jobs have ended and every backend was asked. */
export interface Outcome {
  readonly postgres: string
  readonly pooler: string
  readonly poolerName: string
  readonly workers: number
  readonly elapsedMs: number
  readonly paceMs: number
  readonly counts: BatchCounts
  readonly files: readonly FileOutcome[]
  readonly lateEvents: readonly JobEvent[]
  readonly missingEvents: readonly JobEvent[]
  readonly counting: Counting
  readonly backends: readonly BackendActivity[]
  /** Requests with a statement name that the recorder saw; undefined without a recorder. */
  readonly namedStatements: number | undefined
  /** Undefined: backends are not shared, so there was nothing to ask. */
  readonly audits: readonly BackendAudit[] | undefined
  /** What went wrong besides. */
  readonly mishaps: readonly string[]
}

export function outcomeOf(
  job: Job,
  { name, path, role }: { readonly name: string; readonly path: string; readonly role: FileRole },
  measurement: Measurement | undefined,
): FileOutcome {
  return {
    name,
    path,
    role,
    state: job.state,
    attempts: job.attempt,
    maxAttempts: job.maxAttempts,
    measurement,
    errorCode: job.errorCode ?? undefined,
    error: job.error ?? undefined,
  }
}

/** Everything that is not as expected, one sentence each. None: the demonstration shows what it claims. */
export function problemsOf(outcome: Outcome): string[] {
  const { files, audits, namedStatements, mishaps } = outcome
  return [
    ...mishaps,
    ...files.flatMap((file) => problemOf(file, outcome) ?? []),
    ...(namedStatements ? [`${plural(namedStatements, 'request')} named a prepared statement.`] : []),
    ...(audits?.length === 0 ? ['No backend could be asked what was left on it.'] : []),
    ...(audits ?? []).flatMap(({ backendPid, residue }) =>
      residue.map(({ kind, name }) => `Backend ${backendPid} was left with something: ${kind} ${oneLine(name)}.`),
    ),
  ]
}

function problemOf(file: FileOutcome, { lateEvents }: Outcome): string | undefined {
  const { role, state, attempts, maxAttempts, error } = file
  const name = oneLine(file.name)
  const because = error === undefined ? '' : ` (${oneLine(error)})`
  if (role === 'missing') {
    if (state === 'failed' && attempts >= maxAttempts) return undefined
    return `The job of ${name} should have failed after ${maxAttempts} attempts, but is ${state} after ${attempts}.`
  }
  if (state !== 'succeeded' || !file.measurement) return `The job of ${name} is ${state}${because}.`
  if (role === 'late' && !lateEvents.some(({ reason }) => reason === 'retry')) {
    return `The job of ${name} should have failed at first, but it succeeded at once.`
  }
  return undefined
}

/** Kinds of session state, as the audit names them, in words. */
const residueKinds = [
  [['prepared-statement'], 'prepared statements'],
  [['setting', 'custom-setting', 'role', 'session-user'], 'settings'],
  [['advisory-lock'], 'locks'],
  [['channel'], 'channels'],
  [['temporary-object'], 'temporary objects'],
  [['held-cursor', 'open-transaction', 'replication-slot', 'dblink-connection'], 'others'],
  [['unreadable'], 'that could not be asked'],
] as const satisfies readonly (readonly [readonly string[], string])[]

/** What was left behind, counted. */
export function auditSentence(audits: readonly BackendAudit[]): string {
  const found = audits.flatMap(({ residue }) => residue)
  const parts = residueKinds.flatMap(([kinds, words], at) => {
    const count = found.filter(({ kind }) => (kinds as readonly string[]).includes(kind)).length
    // The last ones are named only when there are any.
    return count > 0 || at < 5 ? [`${formatCount(count)} ${words}`] : []
  })
  return `${plural(audits.length, 'backend')} asked: ${parts.join(', ')}`
}
