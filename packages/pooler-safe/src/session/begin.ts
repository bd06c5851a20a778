import { hiddenStep, type Step } from '../batch/step.ts'
import { badOption } from '../options/client-options.ts'
import { checkMilliseconds, longestMs } from './limit.ts'
import type { TransactionOptions, TransactionTimeouts } from './session.ts'

const isolationLevels: ReadonlySet<string> = new Set(['read committed', 'repeatable read', 'serializable'])

const timeoutSettings = [
  ['statementTimeoutMs', 'statement_timeout'],
  ['lockTimeoutMs', 'lock_timeout'],
  ['idleInTransactionTimeoutMs', 'idle_in_transaction_session_timeout'],
] as const

/** How much later than the deadline of this process the server's own one passes: who is first must not be chance. */
const serverGraceMs = 1_000

const transactionOptions: ReadonlySet<string> = new Set([
  'isolation',
  'readOnly',
  'deferrable',
  'timeoutMs',
  'retries',
  'signal',
  'confirm',
  'idleBudgetMs',
  'onIdle',
  ...timeoutSettings.map(([option]) => option),
])

/** @throws PoolerSafeError POOLER_SAFE_UNKNOWN_OPTION, POOLER_SAFE_BAD_OPTION */
export function checkTransactionOptions(options: TransactionOptions): void {
  for (const key of Object.keys(options)) {
    if (!transactionOptions.has(key)) throw badOption(key, 'is not an option of transaction()', 'Remove it.')
  }
  const { isolation, retries, confirm, idleBudgetMs, onIdle } = options
  if (idleBudgetMs !== undefined) checkMilliseconds('idleBudgetMs', idleBudgetMs)
  if (onIdle !== undefined && !['report', 'abort'].includes(onIdle)) {
    throw badOption('onIdle', 'must be "report" or "abort"')
  }
  if (confirm !== undefined && typeof confirm !== 'boolean') throw badOption('confirm', 'must be true or false')
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
 * The statements that open a transaction: BEGIN with its modes, and its settings. They ride with its first statement.
 *
 * The settings are local, so that no backend keeps them.
 */
export function beginSteps(options: TransactionOptions, defaults: TransactionTimeouts): Step[] {
  const modes = [
    options.isolation && `isolation level ${options.isolation}`,
    options.readOnly !== undefined && (options.readOnly ? 'read only' : 'read write'),
    options.deferrable !== undefined && (options.deferrable ? 'deferrable' : 'not deferrable'),
  ].filter((mode) => mode !== undefined && mode !== false)
  return [hiddenStep(['begin', modes.join(', ')].filter(Boolean).join(' ')), ...timeoutSteps(options, defaults)]
}

/** One statement that applies the timeouts to the transaction at hand, or none if there are none. */
export function timeoutSteps(options: TransactionOptions, defaults: TransactionTimeouts): Step[] {
  const calls: string[] = []
  const values: string[] = []
  for (const [option, setting] of timeoutSettings) {
    const value = limitOf(option, options, defaults)
    if (value !== undefined) calls.push(`set_config('${setting}', $${values.push(String(value))}, true)`)
  }
  return calls.length === 0 ? [] : [hiddenStep(`select ${calls.join(', ')}`, values)]
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
