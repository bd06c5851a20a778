import { parse } from 'csv-parse/sync'
import { invalidInput } from '../errors.ts'
import { csvRecords } from './csv-records.ts'
import { siteColumns, type InputLine } from './lines.ts'

export interface CsvOptions {
  /** Name of the column that holds the site, or its number from 1. Default: the first with a usual name, else the first. */
  readonly column?: string | number | undefined
  /** Default: `,`, `;` or tab, whichever the first line has most of. */
  readonly delimiter?: string | undefined
}

/** Of the input, to find the first line in. */
const maxFirstLineBytes = 100_000
const shownLength = 200

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
  const chunks = await withFirstLine(source)
  const separator = delimiter ?? likelyDelimiter(chunks.firstLine)
  let index: number | undefined
  for await (const { line, text: raw, problem } of csvRecords(chunks.all, separator)) {
    if (problem !== undefined) {
      yield { line, text: raw.slice(0, shownLength), problem }
      continue
    }
    const record = cellsOf(raw, separator)
    if (record.every((cell) => cell === '')) continue
    if (index === undefined) {
      const { at, isHeader } = chooseColumn(record, column)
      index = at
      if (isHeader) continue
    }
    const text = record[index] ?? ''
    if (text !== '') yield { line, text }
    else yield { line, text: record.join(','), problem: 'The column that holds the site is empty.' }
  }
}

/** The cells of one record, whose quotes are closed. */
function cellsOf(text: string, delimiter: string): string[] {
  if (!text.includes('"')) return text.split(delimiter).map((cell) => cell.trim())
  const options = { delimiter, relax_column_count: true, relax_quotes: true, trim: true }
  const [record = []] = parse(text, { ...options, record_delimiter: '\0' })
  return record
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
  while (bytes < maxFirstLineBytes) {
    const chunk = await next()
    if (!chunk) break
    seen.push(chunk)
    bytes += chunk.length
    if (chunk.includes(10)) break
  }
  const firstLine =
    Buffer.concat(seen)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/, 1)[0] ?? ''
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
