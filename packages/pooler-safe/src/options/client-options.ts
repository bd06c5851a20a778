import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { checkUrl } from './connection-url.ts'
import { closestName } from './closest-name.ts'
import { knownObjectOptions, knownUrlOptions, refusedOptions, type RefusedOption } from './pg-options.ts'

/** What the guard adds to the options of `pg.Client` and `pg.Pool`. */
export interface GuardOptions {
  /** What to do with statement names given by libraries: leave them out (default), or refuse the query. */
  readonly names?: 'strip' | 'reject' | undefined
  /** Scan every byte that leaves, and close the client connection before an unsafe one does. Default false. */
  readonly wireGuard?: boolean | undefined
  /** Told about errors nobody listens to, such as an idle client connection that ends. They never crash the process. */
  readonly onError?: ((error: Error) => void) | undefined
  /** Told about leaks that were repaired. Default: `process.emitWarning`. */
  readonly onWarning?: ((warning: Error) => void) | undefined
  /** What to do with options that are not known. Default `reject`. */
  readonly unknownOptions?: UnknownOptions | undefined
}

/** What to do with options that are not known. */
export type UnknownOptions = 'reject' | 'ignore'

/** Option objects that were checked already: a pool gives the same one to each of its clients. */
const checked = new WeakSet<object>()

/**
 * Checks the options of a client or pool.
 *
 * @throws PoolerSafeError POOLER_SAFE_UNKNOWN_OPTION, POOLER_SAFE_UNSAFE_OPTION, POOLER_SAFE_BAD_OPTION, POOLER_SAFE_BAD_URL
 */
export function checkClientOptions(config: unknown, unknownByDefault: UnknownOptions = 'reject'): GuardOptions {
  if (config === undefined || config === null) return {}
  if (typeof config === 'string') {
    checkUrlOptions(config, unknownByDefault)
    return {}
  }
  if (typeof config !== 'object') throw badOption('config', 'must be a connection URL or an options object')
  const options = config as Record<string, unknown> & GuardOptions
  if (checked.has(options)) return options
  checkChoice(options, 'names', ['strip', 'reject'])
  checkChoice(options, 'unknownOptions', ['reject', 'ignore'])
  // Another library's pool hands over its own options too; what they are called is that library's business.
  const unknown = options.unknownOptions ?? ('Client' in options ? 'ignore' : unknownByDefault)
  for (const key of Object.keys(options)) checkOption(key, options[key], knownObjectOptions, unknown, 'option')
  checkPort(options['port'])
  if (options['connectionString'] !== undefined && options['connectionString'] !== null) {
    checkUrlOptions(options['connectionString'], unknown)
  }
  return options
}

/** Remembers that an option object passed its checks. */
export function markChecked(options: object): void {
  checked.add(options)
}

function checkUrlOptions(url: unknown, unknown: UnknownOptions): void {
  const parsed = checkUrl(url)
  if (!parsed) return
  for (const [key, value] of parsed.searchParams) checkOption(key, value, knownUrlOptions, unknown, 'URL parameter')
}

function checkOption(
  key: string,
  value: unknown,
  known: ReadonlySet<string>,
  unknown: UnknownOptions,
  kind: 'option' | 'URL parameter',
): void {
  const refused = Object.hasOwn(refusedOptions, key) ? refusedOptions[key] : undefined
  if (refused && !(refused.alsoOfOthers && unknown === 'ignore')) {
    if (!asksForNothing(value, refused)) throw unsafeOption(key, refused, kind)
    return
  }
  if (known.has(key) || unknown === 'ignore') return
  const close = closestName(key, known)
  throw new PoolerSafeError('POOLER_SAFE_UNKNOWN_OPTION', `The ${kind} "${key}" is not known, and would be ignored.`, {
    outcome: 'not-executed',
    hint: close
      ? `Did you mean "${close}"?`
      : 'Remove it, or pass unknownOptions: "ignore" when another library needs it in this object.',
  })
}

export function asksForNothing(value: unknown, refused: RefusedOption): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '' || value === '0')
    return true
  return refused.allows?.(value) ?? false
}

export function unsafeOption(key: string, refused: RefusedOption, kind: string): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_UNSAFE_OPTION', `The ${kind} "${key}" is refused: ${refused.why}.`, {
    outcome: 'not-executed',
    hazard: refused.hazard,
    hint: refused.hint,
  })
}

export function badOption(key: string, why: string, hint?: string): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_BAD_OPTION', `The option "${key}" ${why}.`, { outcome: 'not-executed', hint })
}

function checkChoice(options: Readonly<Record<string, unknown>>, key: string, choices: readonly string[]): void {
  const value = options[key]
  if (value === undefined || (typeof value === 'string' && choices.includes(value))) return
  throw badOption(key, `must be one of ${choices.map((choice) => `"${choice}"`).join(', ')}`)
}

function checkPort(port: unknown): void {
  if (port === undefined || port === null) return
  const number = Number(port)
  if (Number.isInteger(number) && number > 0 && number < 65_536) return
  throw badOption('port', 'must be a number from 1 to 65535')
}
