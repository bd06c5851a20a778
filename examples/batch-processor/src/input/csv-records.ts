/** A record of a CSV text, or a line that is none. */
export interface CsvText {
  /** The line it begins at, counted from 1. */
  readonly line: number
  readonly text: string
  /** Why the line cannot be read. */
  readonly problem?: string
}

/** Neither is reached by a record that somebody means: a quote that is never closed would swallow the file. */
const mostLines = 50
const mostCharacters = 100_000

type Quotes = 'closed' | 'open' | 'broken'

/**
 * Cuts CSV into records as it comes; quoted fields may have line breaks.
 *
 * Broken quoting costs the line that it begins in and no other: the next record begins in the next line.
 */
export async function* csvRecords(
  source: AsyncIterable<Uint8Array | string>,
  delimiter: string,
): AsyncGenerator<CsvText> {
  let waiting: CsvText[] = []
  const take = function* (isEnd: boolean): Generator<CsvText> {
    for (let first = waiting[0]; first; first = waiting[0]) {
      const text = waiting.map((one) => one.text).join('\n')
      const quotes = quotesOf(text, delimiter)
      const isTooLong = waiting.length >= mostLines || text.length > mostCharacters
      if (quotes === 'open' && !isTooLong && !isEnd) return
      if (quotes === 'closed') {
        yield { line: first.line, text }
        waiting = []
        return
      }
      const problem = quotes === 'broken' ? 'A quote ends in the middle of a field.' : 'A quote is never closed.'
      yield { ...first, problem: `The record cannot be read: ${problem}` }
      const rest = waiting.slice(1)
      waiting = []
      for (const one of rest) {
        waiting.push(one)
        yield* take(false)
      }
    }
  }
  for await (const one of linesOf(source)) {
    waiting.push(one)
    yield* take(false)
  }
  yield* take(true)
}

/** Whether the quotes of a text are closed: a field is quoted when it begins with one. */
function quotesOf(text: string, delimiter: string): Quotes {
  if (!text.includes('"')) return 'closed'
  let at = 0
  while (at <= text.length) {
    const field = /[^\S\t]*/y
    field.lastIndex = at
    at += field.exec(text)?.[0].length ?? 0
    if (text[at] !== '"') {
      const end = text.indexOf(delimiter, at)
      if (end < 0) return 'closed'
      at = end + delimiter.length
      continue
    }
    let close = text.indexOf('"', at + 1)
    while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2)
    if (close < 0) return 'open'
    const behind = /[^\S\t]*/y
    behind.lastIndex = close + 1
    at = close + 1 + (behind.exec(text)?.[0].length ?? 0)
    if (at >= text.length) return 'closed'
    if (!text.startsWith(delimiter, at)) return 'broken'
    at += delimiter.length
  }
  return 'closed'
}

/** Lines by `\n`, `\r\n` or `\r`; of one that is too long the beginning, which is not read further. */
async function* linesOf(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<CsvText> {
  const decoder = new TextDecoder('utf-8')
  let [rest, line] = ['', 0]
  for await (const chunk of source) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    // A `\r` at the end may be half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const text of lines) yield { line: (line += 1), text }
    if (rest.length > mostCharacters * 2) rest = rest.slice(0, mostCharacters + 1)
  }
  rest += decoder.decode()
  const last = rest.replace(/\r$/, '')
  if (last !== '') yield { line: line + 1, text: last }
}
