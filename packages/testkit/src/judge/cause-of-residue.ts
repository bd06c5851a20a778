import { classifySql, type HazardId, type SqlFinding } from '@pooler-safe/hazards'
import type { Residue, ResidueKind } from '../audit/residue.ts'

/** A statement of the transaction that left something, as far as it is known. */
export interface TransactionStatement {
  readonly sql: string
  /** Texts among its bound values. */
  readonly values: readonly string[]
  /** Where it ran. */
  readonly mode: 'autocommit' | 'transaction' | 'batch'
}

/** Which statement left it, and by which hazard. */
export interface Cause {
  readonly hazard: HazardId
  readonly sql: string | undefined
}

/** Settings whose leak corrupts data rather than only surprising somebody. */
const corrupting = new Set([
  'session_replication_role',
  'synchronous_commit',
  'row_security',
  'zero_damaged_pages',
  'ignore_checksum_failure',
  'ignore_system_indexes',
  'check_function_bodies',
])

/** What drivers read values by: a stranger's answers change their meaning. */
const representation = new Set(['client_encoding', 'datestyle', 'timezone', 'bytea_output', 'intervalstyle'])

const causes: Readonly<Partial<Record<ResidueKind, { readonly text: RegExp; readonly hazards: readonly HazardId[] }>>> =
  {
    role: { text: /\b(role|authorization)\b/i, hazards: ['set-role'] },
    'session-user': { text: /\bauthorization\b/i, hazards: ['set-role'] },
    'prepared-statement': { text: /\bprepare\b/i, hazards: ['sql-prepare'] },
    'advisory-lock': { text: /advisory_lock/i, hazards: ['advisory-session-lock'] },
    channel: { text: /\blisten\b/i, hazards: ['listen'] },
    'temporary-object': { text: /\b(temp|temporary|pg_temp(_\d+)?)\b/i, hazards: ['temp-table'] },
    'held-cursor': { text: /\bhold\b/i, hazards: ['with-hold-cursor'] },
    'replication-slot': { text: /replication_slot/i, hazards: ['temp-repl-slot'] },
    'dblink-connection': { text: /dblink/i, hazards: ['dblink-fdw-session'] },
  }

/**
 * Finds the statement behind a piece of residue, the last one that fits. When the transaction's SQL is known completely
 * and none of it says anything of the kind, the state was changed inside a function, trigger or procedure.
 */
export function causeOf(residue: Residue, statements: readonly TransactionStatement[], isComplete: boolean): Cause {
  const latestFirst = [...statements].reverse()
  const isSetting = residue.kind === 'setting' || residue.kind === 'custom-setting'
  const cause = isSetting ? causeOfSetting(residue, latestFirst) : causeOfObject(residue, latestFirst)
  if (cause) return cause
  const wasParsed = residue.kind === 'prepared-statement' && residue.hazard === 'named-parse'
  if (wasParsed || residue.kind === 'unreadable' || residue.kind === 'open-transaction' || !isComplete) {
    return { hazard: residue.hazard, sql: latestFirst[0]?.sql }
  }
  return { hazard: 'hidden-in-routine', sql: latestFirst[0]?.sql }
}

function causeOfObject(residue: Residue, statements: readonly TransactionStatement[]): Cause | undefined {
  const known = causes[residue.kind]
  if (!known || residue.hazard === 'named-parse') return undefined
  const name = residue.name.toLowerCase()
  const fits = statements.filter(({ sql }) => known.text.test(sql) && !/^\s*(do|call)\b/i.test(sql))
  const found = fits.find(({ sql }) => sql.toLowerCase().includes(name)) ?? fits[0]
  return found && { hazard: residue.hazard, sql: found.sql }
}

function causeOfSetting(residue: Residue, statements: readonly TransactionStatement[]): Cause | undefined {
  const name = residue.name.toLowerCase()
  for (const { sql, values, mode } of statements) {
    if (/^\s*(do|call)\b/i.test(sql)) continue
    const findings = classifySql(sql, { mode })
    const named = findings.filter(({ subject }) => subject.toLowerCase() === name)
    if (named.length > 0) return { hazard: hazardOfSetting(name, named, mode), sql }
    const mentions = sql.toLowerCase().includes(name) || values.some((value) => value.toLowerCase() === name)
    if (mentions && /set_config/i.test(sql)) return { hazard: 'set-config-session', sql }
    const general = findings.find((finding) => setsSomething.has(finding.hazard) && saysSo(name, finding))
    if (general) return { hazard: general.hazard, sql }
    if (mentions && /\bset\b/i.test(sql)) return { hazard: 'session-set', sql }
  }
  return undefined
}

const setsSomething: ReadonlySet<HazardId> = new Set(['session-characteristics', 'session-set', 'set-in-committed-tx'])

/** Forms of SET that do not spell the setting's name: `set time zone`, `set session characteristics`. */
function saysSo(name: string, { hazard, subject }: SqlFinding): boolean {
  if (hazard === 'session-characteristics') return name.startsWith('default_transaction_')
  return subject.toLowerCase().replaceAll(/\s/g, '') === name || (name === 'search_path' && /schema/i.test(subject))
}

function hazardOfSetting(name: string, named: readonly SqlFinding[], mode: TransactionStatement['mode']): HazardId {
  const hazards = new Set(named.map(({ hazard }) => hazard))
  if (hazards.has('session-characteristics')) return 'session-characteristics'
  if (hazards.has('set-config-session')) return 'set-config-session'
  if (corrupting.has(name)) return 'dangerous-guc'
  if (representation.has(name)) return 'client-encoding-datestyle'
  if (mode === 'transaction' || hazards.has('set-in-committed-tx')) return 'set-in-committed-tx'
  return 'session-set'
}
