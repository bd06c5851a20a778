import type { Evidence } from '../catalogue/entry.ts'
import type { ConfigDriver, ConfigPooler, ConfigSubject } from './profile.ts'
import { mayBePassword } from './read-url.ts'

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

/** A parameter of the StartupMessage, and the option that it comes from. */
export interface StartupParameter {
  readonly name: string
  readonly key: string
  readonly where: 'options' | 'url'
  readonly value: unknown
}

/** What the driver sends in the StartupMessage besides user and database, as far as the options decide it. */
export function startupParametersOf(subject: ConfigSubject): readonly StartupParameter[] {
  const parameters = subject.driver === 'postgres.js' ? ofPostgresJs(subject) : ofKeys(subject)
  // Drivers leave out what is falsy. A URL knows texts only: its `0` is sent.
  return parameters.filter(({ value }) => Boolean(value))
}

const keys: Readonly<Record<Exclude<ConfigDriver, 'postgres.js'>, readonly string[]>> = {
  pg: [
    'options',
    'application_name',
    'statement_timeout',
    'lock_timeout',
    'idle_in_transaction_session_timeout',
    'replication',
  ],
  prisma: ['options', 'application_name'],
}

function ofKeys({ driver, entries }: ConfigSubject): readonly StartupParameter[] {
  if (driver === 'postgres.js') return []
  const parameters = keys[driver].flatMap((name): StartupParameter[] => {
    const entry = entries.get(name)
    return entry ? [{ ...entry, name, key: name }] : []
  })
  const fallback = entries.get('fallback_application_name')
  if (driver !== 'pg' || !fallback || entries.get('application_name')?.value) return parameters
  return [...parameters, { ...fallback, name: 'application_name', key: 'fallback_application_name' }]
}

/** The `connection` object, and every URL parameter that is not an option of postgres.js; the URL wins. */
function ofPostgresJs({ object, urlParameters }: ConfigSubject): readonly StartupParameter[] {
  const parameters = new Map<string, StartupParameter>()
  const connection = object?.['connection']
  if (typeof connection === 'object' && connection !== null) {
    for (const [name, value] of Object.entries(connection)) {
      parameters.set(name, { name, key: `connection.${name}`, where: 'options', value })
    }
  }
  for (const [name, value] of urlParameters) {
    // What may be the end of a password is not named; `password` itself is reported.
    if (mayBePassword(urlParameters, name)) continue
    if (!optionsOfPostgresJs.has(name)) parameters.set(name, { name, key: name, where: 'url', value })
  }
  return [...parameters.values()]
}

/** URL parameters that postgres.js 3.4 takes for itself. */
const optionsOfPostgresJs = new Set([
  'max',
  'ssl',
  'sslmode',
  'idle_timeout',
  'connect_timeout',
  'max_lifetime',
  'max_pipeline',
  'backoff',
  'keep_alive',
  'prepare',
  'debug',
  'fetch_types',
  'publications',
  'target_session_attrs',
])

/**
 * The settings inside of an `options` text: `-c name=value`, `-cname=value`, `--name=value`. Backslashes escape blanks.
 */
export function settingsInOptions(text: string): readonly string[] {
  const words = text.match(/(?:\\.|[^\s\\])+/g) ?? []
  const names: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    const setting = word === '-c' ? words[(index += 1)] : /^(?:-c|--)(.+)/.exec(word)?.[1]
    const name = setting === undefined ? undefined : /^([\w.-]+)=/.exec(setting)?.[1]
    if (name !== undefined) names.push(name.replaceAll('-', '_'))
  }
  return names
}
