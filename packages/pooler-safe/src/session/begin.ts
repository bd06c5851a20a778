import { badOption } from '../options/client-options.ts'
import { checkMilliseconds, longestMs } from './limit.ts'
import type { TransactionOptions, TransactionTimeouts } from './session.ts'

/** How much longer than the deadline of a transaction the server lets one of its statements run. */
const serverGraceMs = 1_000

const isolationLevels: ReadonlySet<string> = new Set(['read committed', 'repeatable read', 'serializable'])

const timeoutSettings = [
  ['statementTimeoutMs', 'statement_timeout'],
  ['lockTimeoutMs', 'lock_timeout'],
  ['idleInTransactionTimeoutMs', 'idle_in_transaction_session_timeout'],
] as const

const transactionOptions: ReadonlySet<string> = new Set([
  'isolation',
  'readOnly',
  'deferrable',
  'timeoutMs',
  'retries',
  'signal',
  ...timeoutSettings.map(([option]) => option),
])

/** @throws PoolerSafeError POOLER_SAFE_UNKNOWN_OPTION, POOLER_SAFE_BAD_OPTION */
export function checkTransactionOptions(options: TransactionOptions): void {
  for (const key of Object.keys(options)) {
    if (!transactionOptions.has(key)) throw badOption(key, 'is not an option of transaction()', 'Remove it.')
  }
  const { isolation, retries } = options
  if (isolation !== undefined && !isolationLevels.has(isolation)) {
    throw badOption('isolation', `must be one of ${[...isolationLevels].map((level) => `"${level}"`).join(', ')}`)
  }
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) {
    throw badOption('retries', 'must be a whole number, 0 or more')
  }
  checkTimeouts(options)
}

/** @throws PoolerSafeError POOLER_SAFE_BAD_OPTION */
export function checkTimeouts(timeouts: TransactionTimeouts): void {
  for (const [option] of timeoutSettings) {
    if (timeouts[option] !== undefined) checkMilliseconds(option, timeouts[option])
  }
}

/**
 * The text that opens a transaction: BEGIN with its modes, and its settings behind it in the same round trip.
 *
 * The settings are local, so that no backend keeps them. Every value was checked to be a number or one of a few words.
 */
export function beginText(options: TransactionOptions, defaults: TransactionTimeouts): string {
  const modes = [
    options.isolation && `isolation level ${options.isolation}`,
    options.readOnly !== undefined && (options.readOnly ? 'read only' : 'read write'),
    options.deferrable !== undefined && (options.deferrable ? 'deferrable' : 'not deferrable'),
  ].filter((mode) => mode !== undefined && mode !== false)
  const settings = timeoutSettings.map(([option, setting]) => [setting, limitOf(option, options, defaults)] as const)
  return [
    ['begin', modes.join(', ')].filter(Boolean).join(' '),
    ...settings.flatMap(([setting, value]) => (value === undefined ? [] : [`set local ${setting} = ${value}`])),
  ].join('; ')
}

/** A statement that applies the timeouts to the implicit transaction of one query, or nothing if there are none. */
export function settingsText(timeouts: TransactionTimeouts): string | undefined {
  const calls = timeoutSettings.flatMap(([option, setting]) => {
    const value = timeouts[option]
    return value === undefined || option === 'idleInTransactionTimeoutMs'
      ? []
      : [`set_config('${setting}', '${value}', true)`]
  })
  return calls.length === 0 ? undefined : `select ${calls.join(', ')}`
}

function limitOf(
  option: keyof TransactionTimeouts,
  options: TransactionOptions,
  defaults: TransactionTimeouts,
): number | undefined {
  const own = options[option] ?? defaults[option]
  if (option !== 'statementTimeoutMs' || options.timeoutMs === undefined) return own
  // The deadline is kept by this process. The server's own limit is there in case this process is not, and must not race it.
  return Math.min(own ?? Infinity, options.timeoutMs + serverGraceMs, longestMs)
}
