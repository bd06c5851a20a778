import { SafeQuery } from '../client/safe-query.ts'
import type { Scope } from '../client/sql-policy.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { badOption } from '../options/client-options.ts'
import type { QueryOptions, Statement } from './session.ts'

const noOptions: QueryOptions = {}
const noValues: readonly unknown[] = []
const queryOptions: ReadonlySet<string> = new Set(['timeoutMs', 'signal'])

/** What `query` was called with, in both of its forms. */
export interface QueryCall {
  readonly text: string
  readonly values: readonly unknown[]
  readonly options: QueryOptions
}

/**
 * Reads the two forms of `query`: text with values, or a statement object.
 *
 * @throws PoolerSafeError POOLER_SAFE_INVALID_QUERY, POOLER_SAFE_BAD_OPTION
 */
export function readCall(
  statement: string | Statement,
  second: unknown,
  third: unknown,
  method = 'query',
  known = queryOptions,
): QueryCall {
  const isText = typeof statement === 'string'
  const { text, values } = readTextAndValues(statement, isText ? second : undefined)
  return { text, values, options: checkOptions(isText ? third : second, method, known) }
}

/** As {@link readCall}, ready to be handed to a client. */
export function readStatement(
  statement: string | Statement,
  second: unknown,
  third: unknown,
  scope: Scope,
): { readonly query: SafeQuery; readonly options: QueryOptions } {
  const { text, values, options } = readCall(statement, second, third)
  // A config object would be cloned property by property, which is the dearest part of a query.
  const query = new SafeQuery(text, values)
  query.queryMode = 'extended'
  query.scope = scope
  return { query, options }
}

/** @throws PoolerSafeError POOLER_SAFE_INVALID_QUERY */
export function readTextAndValues(
  statement: string | Statement,
  given?: unknown,
): { readonly text: string; readonly values: readonly unknown[] } {
  const isText = typeof statement === 'string'
  if (
    !isText &&
    (typeof statement !== 'object' || (statement as unknown) === null || typeof statement.text !== 'string')
  ) {
    throw invalidStatement('A statement is a text, or an object with text and values.')
  }
  const text = isText ? statement : statement.text
  const values: unknown = isText ? given : statement.values
  if (values === undefined) return { text, values: noValues }
  if (!Array.isArray(values)) throw invalidStatement('The values of a statement are an array.')
  return { text, values }
}

export function checkOptions(options: unknown, method: string, known: ReadonlySet<string>): QueryOptions {
  if (options === undefined) return noOptions
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidStatement(`The options of ${method}() are an object. Values of a statement object belong inside it.`)
  }
  for (const key of Object.keys(options)) {
    if (known.has(key)) continue
    throw badOption(key, `is not an option of ${method}()`, `Known are ${[...known].join(', ')}.`)
  }
  return options
}

export function invalidStatement(message: string): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_INVALID_QUERY', message, {
    outcome: 'not-executed',
    hint: 'query(text, values, options) or query({ text, values }, options).',
  })
}
