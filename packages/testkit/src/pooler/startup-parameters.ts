import type { HazardId } from '@pooler-safe/hazards'
import { LoginRefused } from './login-refused.ts'
import type { PoolerProfile } from './profile.ts'
import { trackedParameter, type TrackedValues } from './tracked-parameters.ts'

/** What a pooler makes of a client's start-up parameters. */
export interface StartupOutcome {
  /** Those that follow the client. */
  readonly tracked: TrackedValues
  /** Those that the backends are opened with: each combination has backends of its own. */
  readonly applied: Readonly<Record<string, string>>
  /** Those that each backend gets with the client, and keeps. */
  readonly imposed: Readonly<Record<string, string>>
  /** What the client calls itself, whatever becomes of that. */
  readonly applicationName: string
  /** Those that are dropped without a word. */
  readonly ignored: readonly string[]
}

/** Parameters of other programs that travel in URLs and end up here. */
const folklore = new Set(['pgbouncer', 'prepare', 'prepared_statements', 'statement_cache_size', 'connection_limit'])

/** The hazard of a start-up parameter that is not followed. */
export function hazardOfParameter(name: string, isRefused: boolean): HazardId {
  if (folklore.has(name)) return 'url-flag-folklore'
  if (name === 'replication') return 'replication-connection'
  if (name === 'search_path') return 'search-path-startup'
  return isRefused ? 'startup-param-rejected' : 'startup-param-ignored'
}

/** The settings in `options`: `-c name=value` and `--name=value`. */
export function settingsInOptions(options: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', value = ''] of options.matchAll(/(?:-c\s*|--)([\w.-]+)=((?:\\.|[^\s\\])*)/g)) {
    found.set(name.replaceAll('-', '_'), value.replaceAll(/\\(.)/g, '$1'))
  }
  return found
}

interface Sorted {
  tracked: TrackedValues
  applied: Record<string, string>
  imposed: Record<string, string>
  ignored: string[]
  applicationName: string
}

/**
 * Sorts start-up parameters as the profile does. `ignored` are those the operator lets pass (PgBouncer's
 * `ignore_startup_parameters`); `'*'` for all. Throws `LoginRefused` for the first that is refused.
 */
export function sortParameters(
  parameters: ReadonlyMap<string, string>,
  profile: PoolerProfile,
  ignored: readonly string[],
): StartupOutcome {
  const sorted: Sorted = {
    tracked: {},
    applied: {},
    imposed: {},
    ignored: [],
    applicationName: parameters.get('application_name') ?? '',
  }
  for (const [name, value] of parameters) {
    if (name === 'user' || name === 'database' || name.startsWith('_pq_.')) continue
    if (name !== 'options') {
      sort(sorted, name, value, profile, ignored, '')
      continue
    }
    if (profile.startup === 'refuse' && profile.optionsRefusal === 'whole') {
      refuseOrIgnore(sorted, 'options', profile, ignored, '')
      continue
    }
    if (ignored.includes('options')) {
      sorted.ignored.push('options')
      continue
    }
    for (const [inner, innerValue] of settingsInOptions(value)) {
      sort(sorted, inner, innerValue, profile, ignored, ' in options')
    }
  }
  return sorted
}

function sort(
  sorted: Sorted,
  name: string,
  value: string,
  profile: PoolerProfile,
  ignored: readonly string[],
  where: string,
): void {
  const known = trackedParameter(name)
  if (known && profile.followed.includes(known)) {
    sorted.tracked[known] = value
    return
  }
  if (name === 'application_name' || name === 'client_encoding') return
  if (profile.appliedStartup.includes(name)) sorted.applied[name] = value
  else if (profile.startup === 'apply' && canBeApplied(name)) sorted.imposed[name] = value
  else refuseOrIgnore(sorted, name, profile, ignored, where)
}

/** Odyssey sets what its client asked for, but not this one. */
const canBeApplied = (name: string): boolean => name !== 'extra_float_digits' && name !== 'replication'

function refuseOrIgnore(
  sorted: Sorted,
  name: string,
  profile: PoolerProfile,
  ignored: readonly string[],
  where: string,
): void {
  if (profile.startup === 'refuse' && !ignored.includes('*') && !ignored.includes(name)) {
    throw new LoginRefused(
      '08P01',
      `unsupported startup parameter${where}: ${name}`,
      hazardOfParameter(name, true),
      `start-up parameter ${name}${where} was refused`,
    )
  }
  sorted.ignored.push(name)
}
