import { hiddenStep, type Step } from '../batch/step.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { badOption } from '../options/client-options.ts'
import { checkMilliseconds } from '../session/limit.ts'

/**
 * Settings that a session runs under: the role, settings with a dot in their name (`app.tenant`, `request.jwt.claims`),
 * `search_path` and timeouts. Objects are sent as JSON.
 */
export interface SessionSettings {
  /** The role to run as. The login role has to be a member of it. */
  readonly role?: string
  readonly search_path?: string
  readonly statementTimeoutMs?: number
  readonly lockTimeoutMs?: number
  readonly [name: string]: SettingValue | undefined
}

/** A value of a custom setting. PostgreSQL keeps text: numbers and booleans become it, objects become JSON. */
export type SettingValue = string | number | boolean | Readonly<Record<string, unknown>> | readonly unknown[]

const timeouts: Readonly<Record<string, string>> = {
  statementTimeoutMs: 'statement_timeout',
  lockTimeoutMs: 'lock_timeout',
}

/** What PostgreSQL accepts as the name of a setting that it does not know itself. */
const customName = /^[a-z_][\w$]*(?:\.[a-z_][\w$]*)+$/i

interface Entry {
  readonly name: string
  readonly value: string
}

/** Checked settings, and the statements that put them in force, prove it, and take them back. */
export class Settings {
  readonly #entries: readonly Entry[]

  /**
   * @throws PoolerSafeError POOLER_SAFE_BAD_OPTION for names that would not stay inside a transaction or cannot be proven,
   * values that are no text, and roles outside of the allow-list
   */
  static read(input: SessionSettings, roles: ReadonlySet<string> | undefined, outer?: Settings): Settings {
    if (typeof input !== 'object' || (input as unknown) === null || Array.isArray(input)) {
      throw badOption('settings', 'must be an object', 'withSettings({ role, "app.tenant": id }).')
    }
    const entries = Object.entries(input).map(([key, value]) => readEntry(key, value, roles))
    if (entries.length === 0) throw badOption('settings', 'must name at least one setting')
    const names = new Set(entries.map(({ name }) => name.toLowerCase()))
    if (names.size < entries.length) throw badOption('settings', 'names a setting twice: case does not count')
    const inherited = outer ? outer.#entries.filter(({ name }) => !names.has(name.toLowerCase())) : []
    // The role comes last: it may not be allowed to do what the login role is.
    const all = [...inherited, ...entries]
    return new Settings([...all.filter(({ name }) => name !== 'role'), ...all.filter(({ name }) => name === 'role')])
  }

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  /**
   * Puts the settings in force for the transaction at hand, and fails it unless they are: what follows under the same Sync is
   * skipped then. Two statements, no round trip of their own.
   */
  enter(): Step[] {
    const pairs = this.#entries.map((_, at) => `set_config($${2 * at + 1}, $${2 * at + 2}, true)`)
    const values = this.#entries.flatMap(({ name, value }) => [name, value])
    const checks: string[] = []
    const expected: string[] = []
    for (const { name, value } of this.#entries) {
      if (name === 'role') checks.push(`current_user::text = $${expected.push(value)}`)
      else if (name === 'statement_timeout' || name === 'lock_timeout') {
        const inForce = `extract(epoch from current_setting($${expected.push(name)}::text)::interval) * 1000`
        checks.push(`${inForce} = $${expected.push(value)}::int`)
      } else checks.push(`current_setting($${expected.push(name)}::text, true) = $${expected.push(value)}`)
    }
    return [
      { ...hiddenStep(`select ${pairs.join(', ')}`, values), explain: refusedSettings },
      {
        // A statement that fails is the only thing that keeps the next one from running without another round trip.
        ...hiddenStep(`select 1 / (case when ${checks.join(' and ')} then 1 else 0 end)`, expected),
        explain: notInForce,
      },
    ]
  }

  /** Remembers what is in force, inside the transaction itself, for `leave` to take it back. */
  save(slot: string): Step {
    const calls = this.#entries.map(
      (_, at) => `set_config('pooler_safe.saved_${slot}_${at}', coalesce(current_setting($${at + 1}, true), ''), true)`,
    )
    return hiddenStep(
      `select ${calls.join(', ')}`,
      this.#entries.map(({ name }) => name),
    )
  }

  leave(slot: string): Step {
    const calls = this.#entries.map(
      (_, at) => `set_config($${at + 1}, current_setting('pooler_safe.saved_${slot}_${at}'), true)`,
    )
    return hiddenStep(
      `select ${calls.join(', ')}`,
      this.#entries.map(({ name }) => name),
    )
  }
}

function readEntry(key: string, value: unknown, roles: ReadonlySet<string> | undefined): Entry {
  const timeout = Object.hasOwn(timeouts, key) ? timeouts[key] : undefined
  if (timeout !== undefined) {
    checkMilliseconds(key, value)
    return { name: timeout, value: String(value) }
  }
  if (key === 'role') return { name: key, value: readRole(value, roles) }
  if (key !== 'search_path' && !customName.test(key)) {
    throw badOption(
      key,
      'is not a setting that a session can run under',
      'Known are role, search_path, statementTimeoutMs, lockTimeoutMs and settings with a dot in their name.',
    )
  }
  return { name: key, value: readValue(key, value) }
}

function readRole(value: unknown, roles: ReadonlySet<string> | undefined): string {
  if (typeof value !== 'string' || value === '' || value === 'none') {
    throw badOption('role', 'must be the name of a role', 'Leave it out to run as the login role.')
  }
  if (roles && !roles.has(value)) {
    throw badOption(
      'role',
      `is "${value}", which is not among the roles this database may run as`,
      'Add it to the option "roles".',
    )
  }
  return value
}

function readValue(key: string, value: unknown): string {
  const text =
    typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : ['string', 'number', 'boolean'].includes(typeof value)
        ? String(value)
        : undefined
  if (text === undefined) throw badOption(key, 'has no value', 'Pass a string, number, boolean, or an object for JSON.')
  if (text.includes('\0')) throw badOption(key, 'contains a NUL character, which PostgreSQL cannot store')
  return text
}

function refusedSettings(cause: unknown): unknown {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return failed(`The settings were refused, and nothing ran: ${reason}`, cause, undefined)
}

function notInForce(cause: unknown): unknown {
  return failed(
    'The settings are not in force on the backend, so nothing ran.',
    cause,
    'Something between this process and PostgreSQL changed or dropped them. Check what the URL leads to with verify().',
  )
}

function failed(message: string, cause: unknown, hint: string | undefined): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_SETTINGS', message, {
    outcome: 'not-executed',
    hazard: 'tenant-context-leak',
    hint: hint ?? 'Grant the role to the login role, and check the names of the settings.',
    cause,
  })
}
