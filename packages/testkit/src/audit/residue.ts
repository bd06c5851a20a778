import type { HazardId } from '@pooler-safe/hazards'

/** What kind of session state a backend was left with. */
export type ResidueKind =
  | 'setting'
  | 'custom-setting'
  | 'role'
  | 'session-user'
  | 'prepared-statement'
  | 'advisory-lock'
  | 'channel'
  | 'temporary-object'
  | 'held-cursor'
  | 'open-transaction'
  | 'replication-slot'
  | 'dblink-connection'
  | 'unreadable'

/** One piece of session state that a stranger would meet on this backend. */
export interface Residue {
  readonly kind: ResidueKind
  /** Name of the setting, statement, channel, object, cursor, or key of the lock. */
  readonly name: string
  /** Its value, SQL or mode, at most 500 characters of it. */
  readonly value: string
  /** What it is without anybody's doing, for settings that PostgreSQL knows. */
  readonly usual?: string
  /** The entry of the hazard catalogue that explains it. */
  readonly hazard: HazardId
  /** Who mentioned it last on this backend, when that was recorded. */
  readonly leftBy?: ResidueOrigin
}

/** The transaction that most probably left something behind. */
export interface ResidueOrigin {
  readonly client: number
  readonly applicationName: string
  readonly transaction: number
  readonly sql: string
}

/** What one backend was left with. */
export interface BackendAudit {
  readonly backendPid: number
  readonly database: string
  readonly user: string
  /** True when nothing was found. */
  readonly clean: boolean
  readonly residue: readonly Residue[]
}

export const hazardOf: Readonly<Record<ResidueKind, HazardId>> = {
  setting: 'session-set',
  'custom-setting': 'session-set',
  role: 'set-role',
  'session-user': 'set-role',
  'prepared-statement': 'named-parse',
  'advisory-lock': 'advisory-session-lock',
  channel: 'listen',
  'temporary-object': 'temp-table',
  'held-cursor': 'with-hold-cursor',
  'open-transaction': 'leaked-open-tx',
  'replication-slot': 'temp-repl-slot',
  'dblink-connection': 'dblink-fdw-session',
  unreadable: 'dirty-backend-audit',
}

/** A residue of that kind, with the hazard that belongs to it. */
export function residueOf(kind: ResidueKind, name: string, value: string, usual?: string): Residue {
  const isSqlPrepare = kind === 'prepared-statement' && /^\s*prepare\b/i.test(value)
  const residue = { kind, name, value: value.slice(0, 500), hazard: isSqlPrepare ? 'sql-prepare' : hazardOf[kind] }
  return usual === undefined ? residue : { ...residue, usual }
}

/** Two residues are the same when this is: used to leave out what a fresh backend has as well. */
export const residueKey = ({ kind, name, value }: Residue): string => JSON.stringify([kind, name, value])
