import { SafeQuery } from '../client/safe-query.ts'
import type { Scope } from '../client/sql-policy.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { badOption } from '../options/client-options.ts'
import type { QueryOptions, Statement } from './session.ts'

const noOptions: QueryOptions = {}
const queryOptions: ReadonlySet<string> = new Set(['timeoutMs', 'signal'])

/**
 * Reads the two forms of `query`: text with values, or a statement object.
 *
 * @throws PoolerSafeError POOLER_SAFE_INVALID_QUERY, POOLER_SAFE_BAD_OPTION
 */
export function readStatement(
  statement: string | Statement,
  second: unknown,
  third: unknown,
  scope: Scope,
): { readonly query: SafeQuery; readonly options: QueryOptions } {
  const isText = typeof statement === 'string'
  if (
    !isText &&
    (typeof statement !== 'object' || (statement as unknown) === null || typeof statement.text !== 'string')
  ) {
    throw invalid('A statement is a text, or an object with text and values.')
  }
  const text = isText ? statement : statement.text
  const values = isText ? second : statement.values
  if (values !== undefined && !Array.isArray(values)) throw invalid('The values of a statement are an array.')
  const options = checkOptions(isText ? third : second)
  // A config object would be cloned property by property, which is the dearest part of a query.
  const query = new SafeQuery(text, values)
  query.queryMode = 'extended'
  query.scope = scope
  return { query, options }
}

function checkOptions(options: unknown): QueryOptions {
  if (options === undefined) return noOptions
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid('The options of a query are an object. Values of a statement object belong inside it.')
  }
  for (const key of Object.keys(options)) {
    if (!queryOptions.has(key)) throw badOption(key, 'is not an option of query()', 'Known are timeoutMs and signal.')
  }
  return options
}

function invalid(message: string): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_INVALID_QUERY', message, {
    outcome: 'not-executed',
    hint: 'query(text, values, options) or query({ text, values }, options).',
  })
}
