const poolers = ['pgbouncer', 'pgbouncer>=1.21', 'supavisor', 'odyssey', 'pgdog', 'other'] as const

/** Which pooler stands in front of the database. */
export type PoolerSetting = (typeof poolers)[number]

/** A function or method of one's own that runs the SQL it is given. */
export interface ExecutorSetting {
  /** The module that it is imported from, as written or as a glob of paths. */
  readonly module: string
  readonly export: string
  /** Position of the SQL among the arguments. Default 0. */
  readonly sql?: number
  readonly kind?: 'pool' | 'client' | 'transaction'
}

/** What `settings['pooler-safe']` may hold. */
export interface Settings {
  /** Modules (specifiers or globs of paths) whose exports are the safe session; raw calls inside these files are allowed. */
  readonly wrapper?: readonly string[]
  readonly executors?: readonly ExecutorSetting[]
  /** Template tags that make SQL, and those that do not. */
  readonly tags?: Readonly<Record<string, 'postgres' | false>>
  /** Where client connections go past the pooler, so that session state is allowed. */
  readonly sessionMode?: { readonly urlEnv?: readonly string[]; readonly files?: readonly string[] }
  /**
   * Behind `pgbouncer>=1.21` (with `max_prepared_statements` above 0, the default) and `pgdog` names of statements in the
   * protocol are safe; SQL `PREPARE` is not. The others change nothing: how they are configured decides.
   */
  readonly pooler?: PoolerSetting
  /** Names of settings that extensions of yours add (`myapp_*`). */
  readonly extraGucs?: readonly string[]
  /** Files that talk to another database. */
  readonly foreign?: readonly string[]
}

const keys = new Set(['wrapper', 'executors', 'tags', 'sessionMode', 'pooler', 'extraGucs', 'foreign'])

const none: Settings = {}

/** Settings that cannot be used. The message says which and why. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** Checks `settings['pooler-safe']`. Throws `SettingsError` for what it does not know. */
export function readSettings(value: unknown): Settings {
  if (value === undefined || value === null) return none
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new SettingsError(`settings['pooler-safe'] has to be an object.`)
  }
  for (const key of Object.keys(value)) {
    if (!keys.has(key)) {
      throw new SettingsError(
        `settings['pooler-safe'] has no option "${key}". It has ${[...keys].map((name) => `"${name}"`).join(', ')}.`,
      )
    }
  }
  const settings = value as Record<string, unknown>
  for (const key of ['wrapper', 'extraGucs', 'foreign']) strings(settings[key], key)
  const sessionMode = settings['sessionMode']
  if (sessionMode !== undefined) {
    if (typeof sessionMode !== 'object' || sessionMode === null) {
      throw new SettingsError(`settings['pooler-safe'].sessionMode has to be an object with "urlEnv" or "files".`)
    }
    for (const key of ['urlEnv', 'files']) strings((sessionMode as Record<string, unknown>)[key], `sessionMode.${key}`)
  }
  const { pooler } = settings
  if (pooler !== undefined && !poolers.some((name) => name === pooler)) {
    throw new SettingsError(
      `settings['pooler-safe'].pooler has to be one of ${poolers.map((name) => `"${name}"`).join(', ')}.`,
    )
  }
  const { tags } = settings
  if (tags !== undefined && !isTags(tags)) {
    throw new SettingsError(
      `settings['pooler-safe'].tags has to be an object of 'postgres' or false by name of the tag.`,
    )
  }
  const { executors } = settings
  if (executors !== undefined && (!Array.isArray(executors) || !executors.every(isExecutor))) {
    throw new SettingsError(
      `settings['pooler-safe'].executors has to be a list of { module, export, sql?: number, kind?: 'pool' | 'client' | 'transaction' }.`,
    )
  }
  return settings
}

function strings(value: unknown, key: string): void {
  if (value === undefined) return
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
    throw new SettingsError(`settings['pooler-safe'].${key} has to be a list of strings.`)
  }
}

/** Whether the pooler keeps the names of statements apart that clients give in the protocol. */
export function tracksNames({ pooler }: Settings): boolean {
  return pooler === 'pgbouncer>=1.21' || pooler === 'pgdog'
}

function isTags(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((kind) => kind === 'postgres' || kind === false)
}

function isExecutor(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { module, export: name, sql, kind } = value as Record<string, unknown>
  return (
    typeof module === 'string' &&
    typeof name === 'string' &&
    (sql === undefined || typeof sql === 'number') &&
    (kind === undefined || kind === 'pool' || kind === 'client' || kind === 'transaction')
  )
}

/** Whether a path or specifier is meant by one of the globs (`*` within a segment, `**` across them). */
export function matchesGlob(patterns: readonly string[] | undefined, path: string): boolean {
  if (!patterns || patterns.length === 0) return false
  const normal = path.replaceAll('\\', '/')
  return patterns.some((pattern) => globExpression(pattern).test(normal))
}

const expressions = new Map<string, RegExp>()

function globExpression(pattern: string): RegExp {
  const known = expressions.get(pattern)
  if (known) return known
  const anchored = pattern.replace(/^\.\//, '')
  const source = anchored
    .replace(/[.+^${}()|[\]\\?]/g, String.raw`\$&`)
    .replace(/\*\*\/|\*\*|\*/g, (stars) => (stars === '**/' ? '(?:.*/)?' : stars === '**' ? '.*' : '[^/]*'))
  const expression = new RegExp(`(?:^|/)${source}$`)
  expressions.set(pattern, expression)
  return expression
}
