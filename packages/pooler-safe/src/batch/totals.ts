import type { ResultInternals } from '../client/pg-internals.ts'
import type { QueryResult } from '../session/session.ts'

/** The results of the chunks of `executeMany`, as one. */
export class Totals<Row> {
  #first: ResultInternals | undefined
  #rows: unknown[] = []
  #rowCount: number | null = null

  add(results: readonly ResultInternals[]): void {
    const [chunk] = results
    if (!chunk) return
    if (this.#first) for (const row of chunk.rows) this.#rows.push(row)
    else {
      this.#first = chunk
      this.#rows = chunk.rows
    }
    if (chunk.rowCount !== null) this.#rowCount = (this.#rowCount ?? 0) + chunk.rowCount
  }

  result(): QueryResult<Row> {
    const first = this.#first
    return {
      rows: this.#rows as Row[],
      rowCount: first ? this.#rowCount : 0,
      command: first?.command ?? '',
      fields: (first?.fields ?? []) as QueryResult<Row>['fields'],
    }
  }
}
