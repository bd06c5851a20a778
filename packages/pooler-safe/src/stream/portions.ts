import type { QueryOptions } from '../session/session.ts'

/** The rows of portions, one after the other. */
export async function* oneByOne<Row>(portions: AsyncIterable<Row[]>): AsyncGenerator<Row, undefined> {
  for await (const rows of portions) yield* rows
  return undefined
}

/** What is left of a deadline each time it is asked for: at least one millisecond, in which nothing gets done. */
export function countDown({ timeoutMs, signal }: QueryOptions): () => QueryOptions {
  const until = timeoutMs === undefined ? undefined : performance.now() + timeoutMs
  return () => ({
    ...(until !== undefined && { timeoutMs: Math.max(1, Math.ceil(until - performance.now())) }),
    ...(signal && { signal }),
  })
}
