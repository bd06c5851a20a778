import type { Evidence } from '../catalogue/entry.ts'
import type { ConfigDriver, ConfigPooler } from './profile.ts'

/** What becomes of a parameter of the StartupMessage. */
export type StartupFate =
  /** The connection fails. */
  | 'refused'
  /** Accepted and without effect. */
  | 'ignored'
  /** Applied to the backend, where later clients find it. */
  | 'leaks'
  /** Applied, and follows the client from backend to backend. */
  | 'applied'
  /** Applied by giving the client a pool of backends of its own. */
  | 'own-pool'
  /** Depends on the pooler, which is not known. */
  | 'depends'

export interface StartupClaim {
  readonly fate: StartupFate
  readonly certainty: Evidence
}

/** Kinds of parameters that poolers treat alike. */
export type StartupKind = 'timeout' | 'search_path' | 'other' | 'application_name' | 'tracked' | 'replication'

const measured = (fate: StartupFate): StartupClaim => ({ fate, certainty: 'measured' })
const source = (fate: StartupFate): StartupClaim => ({ fate, certainty: 'source' })
const documented = (fate: StartupFate): StartupClaim => ({ fate, certainty: 'documented' })
const reported = (fate: StartupFate): StartupClaim => ({ fate, certainty: 'reported' })
const inferred = (fate: StartupFate): StartupClaim => ({ fate, certainty: 'inferred' })

/** Default settings of each pooler; an operator can change several of them. */
const fates: Readonly<Record<ConfigPooler, Readonly<Record<StartupKind, StartupClaim>>>> = {
  'pgbouncer-1.18': {
    timeout: measured('refused'),
    search_path: measured('refused'),
    other: measured('refused'),
    application_name: measured('applied'),
    tracked: measured('applied'),
    replication: measured('refused'),
  },
  'pgbouncer-1.25': {
    timeout: measured('refused'),
    search_path: measured('refused'),
    other: measured('refused'),
    application_name: measured('applied'),
    tracked: measured('applied'),
    replication: documented('applied'),
  },
  supavisor: {
    timeout: measured('ignored'),
    search_path: measured('own-pool'),
    other: measured('ignored'),
    application_name: measured('ignored'),
    tracked: source('ignored'),
    replication: source('ignored'),
  },
  odyssey: {
    timeout: measured('leaks'),
    search_path: measured('leaks'),
    other: measured('ignored'),
    application_name: measured('applied'),
    tracked: inferred('applied'),
    replication: source('applied'),
  },
  pgagroal: {
    timeout: measured('ignored'),
    search_path: measured('ignored'),
    other: measured('ignored'),
    application_name: measured('ignored'),
    tracked: inferred('ignored'),
    replication: inferred('refused'),
  },
  pgdog: {
    timeout: documented('applied'),
    search_path: documented('applied'),
    other: documented('applied'),
    application_name: documented('applied'),
    tracked: documented('applied'),
    replication: inferred('depends'),
  },
  neon: {
    timeout: reported('ignored'),
    search_path: inferred('refused'),
    other: reported('ignored'),
    application_name: inferred('applied'),
    tracked: inferred('applied'),
    replication: inferred('ignored'),
  },
  direct: {
    timeout: measured('applied'),
    search_path: measured('applied'),
    other: measured('applied'),
    application_name: measured('applied'),
    tracked: measured('applied'),
    replication: measured('applied'),
  },
  unknown: {
    timeout: inferred('depends'),
    search_path: inferred('depends'),
    other: inferred('depends'),
    application_name: inferred('applied'),
    tracked: inferred('applied'),
    replication: inferred('depends'),
  },
}

/** What a pooler with default settings does with a start-up parameter. */
export function startupFate(pooler: ConfigPooler, parameter: string): StartupClaim {
  return fates[pooler][kindOf(parameter)]
}

const timeouts = new Set([
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
])
const tracked = new Set(['client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings'])

function kindOf(parameter: string): StartupKind {
  const name = parameter.toLowerCase()
  if (timeouts.has(name)) return 'timeout'
  if (tracked.has(name)) return 'tracked'
  if (name === 'search_path' || name === 'application_name' || name === 'replication') return name
  return 'other'
}

/** The options that `pg` turns into start-up parameters of the same name. */
const pgStartupKeys = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'replication']

/** Which options become parameters of the StartupMessage, besides `options` and the name of the application. */
export function isStartupKey(driver: ConfigDriver, key: string): boolean {
  return driver === 'pg' && pgStartupKeys.includes(key)
}

/**
 * The settings inside of an `options` text: `-c name=value`, `-cname=value`, `--name=value`. Backslashes escape blanks.
 */
export function settingsInOptions(text: string): readonly string[] {
  const words = text.match(/(?:\\.|[^\s\\])+/g) ?? []
  const names: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    const setting = word === '-c' ? words[(index += 1)] : /^(?:-c|--)(.+)/.exec(word)?.[1]
    const name = setting === undefined ? undefined : /^[\w.-]+/.exec(setting)?.[0]
    if (name !== undefined) names.push(name.replaceAll('-', '_'))
  }
  return names
}
