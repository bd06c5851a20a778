import { Readable } from 'node:stream'
import { parse, type CsvError } from 'csv-parse'
import { invalidInput } from '../errors.ts'
import { siteColumns, type InputLine } from './lines.ts'

export interface CsvOptions {
  /** Name of the column that holds the site, or its number from 1. Default: the first with a usual name, else the first. */
  readonly column?: string | number | undefined
  /** Default: `,`, `;` or tab, whichever the first line has most of. */
  readonly delimiter?: string | undefined
}

/** A record is not longer than this; a quote that is never closed would otherwise swallow the file. */
const maxRecordBytes = 100_000

/**
 * Reads CSV as it comes: what is in memory is a record, not the file. A record that cannot be read is a line with a
 * problem, and the next one is read.
 *
 * @throws BatchError BATCH_INPUT_INVALID when there is no such column
 */
export async function* csvLines(
  source: AsyncIterable<Uint8Array | string>,
  { column, delimiter }: CsvOptions = {},
): AsyncGenerator<InputLine> {
  const unreadable: InputLine[] = []
  const chunks = await withFirstLine(source)
  const parser = parse({
    bom: true,
    delimiter: delimiter ?? likelyDelimiter(chunks.firstLine),
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: maxRecordBytes,
    trim: true,
    on_skip: (error?: CsvError) => {
      const { lines } = (error ?? {}) as { lines?: unknown }
      unreadable.push({
        line: typeof lines === 'number' ? Math.max(1, lines) : 1,
        text: '',
        problem: `The record cannot be read: ${error?.message ?? 'unknown'}.`,
      })
      return undefined
    },
  })
  const input = Readable.from(chunks.all)
  input.on('error', (error) => parser.destroy(error))
  input.pipe(parser)
  let index: number | undefined
  try {
    for await (const read of parser as AsyncIterable<{ info: { lines: number }; record: string[] }>) {
      yield* unreadable.splice(0)
      const { record, info } = read
      if (index === undefined) {
        const { at, isHeader } = chooseColumn(record, column)
        index = at
        if (isHeader) continue
      }
      const text = record[index] ?? ''
      if (text !== '') yield { line: info.lines, text }
      else if (record.some((cell) => cell !== '')) {
        yield { line: info.lines, text: record.join(','), problem: 'The column that holds the site is empty.' }
      }
    }
    yield* unreadable.splice(0)
  } finally {
    input.destroy()
    parser.destroy()
  }
}

function chooseColumn(
  first: readonly string[],
  column: string | number | undefined,
): { readonly at: number; readonly isHeader: boolean } {
  const names = first.map((cell) => cell.toLowerCase())
  const usual = siteColumns.map((name) => names.indexOf(name)).find((at) => at >= 0)
  if (column === undefined) return { at: usual ?? 0, isHeader: usual !== undefined }
  if (typeof column === 'number') {
    if (!Number.isSafeInteger(column) || column < 1 || column > first.length) {
      throw invalidInput(`The input has no column ${column}.`, `Its first line has ${first.length}.`)
    }
    // A header names no site: it has no dot.
    return { at: column - 1, isHeader: usual !== undefined || !(first[column - 1] ?? '').includes('.') }
  }
  const at = names.indexOf(column.toLowerCase())
  if (at < 0) throw invalidInput(`The input has no column "${column}".`, `It has ${first.join(', ')}.`)
  return { at, isHeader: true }
}

function likelyDelimiter(line: string): string {
  const [best] = [',', ';', '\t']
    .map((one) => ({ one, count: line.split(one).length }))
    .sort((a, b) => b.count - a.count)
  return best?.one ?? ','
}

/** The first line, to be looked at before the parser is made, and everything including it. */
async function withFirstLine(
  source: AsyncIterable<Uint8Array | string>,
): Promise<{ readonly firstLine: string; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator: AsyncIterator<Uint8Array | string, unknown> = source[Symbol.asyncIterator]()
  const next = async (): Promise<Uint8Array | undefined> => {
    const result = await iterator.next()
    if (result.done === true) return undefined
    return typeof result.value === 'string' ? Buffer.from(result.value) : result.value
  }
  const seen: Uint8Array[] = []
  let bytes = 0
  while (bytes < maxRecordBytes) {
    const chunk = await next()
    if (!chunk) break
    seen.push(chunk)
    bytes += chunk.length
    if (chunk.includes(10)) break
  }
  const firstLine = Buffer.concat(seen).toString('utf8').split(/\r?\n/, 1)[0] ?? ''
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* seen
      for (let chunk = await next(); chunk; chunk = await next()) yield chunk
    } finally {
      await iterator.return?.()
    }
  }
  return { firstLine, all: all() }
}
