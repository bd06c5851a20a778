import { explain } from '@pooler-safe/example-foundation'
import type { RejectedLine } from '../batch.ts'
import { storableText } from '@pooler-safe/example-foundation'
import type { ItemInsert } from '../store/items.ts'
import { readSite } from './site.ts'

/** A line of the input, before it is judged. */
export interface InputLine {
  /** Counted from 1. */
  readonly line: number
  readonly text: string
  /** The line could not even be read. */
  readonly problem?: string
}

/** The verdict on a line. */
export type JudgedLine =
  { readonly item: ItemInsert } | { readonly reject: RejectedLine & { readonly verdict: 'invalid' } }

const inputLength = 2_000

/** Says whether a line names a site. Whether another line named it before is for the database to say. */
export function judgeLine({ line, text, problem }: InputLine): JudgedLine {
  const input = storableText(text, inputLength)
  const invalid = (reason: string): JudgedLine => ({ reject: { line, input, verdict: 'invalid', reason } })
  if (problem !== undefined) return invalid(problem)
  if (text.length > inputLength) return invalid(`The line has more than ${inputLength} characters.`)
  try {
    return { item: { ordinal: line, input, ...readSite(text) } }
  } catch (error) {
    return invalid(storableText(explain(error), 1_000))
  }
}

/** The lines of a text that are not empty. A line that begins with `#` is a remark. */
export function* textLines(text: string): Generator<InputLine> {
  let line = 0
  for (const [one] of text.replace(/^\uFEFF/, '').matchAll(/[^\r\n]+|\r\n|\r|\n/g)) {
    if (/^[\r\n]/.test(one)) {
      line += 1
      continue
    }
    const trimmed = one.trim()
    if (trimmed !== '' && !trimmed.startsWith('#')) yield { line: line + 1, text: trimmed }
  }
}

/** The entries of a JSON array: texts, or objects with one of the usual names. Each counts as a line. */
export function* jsonLines(entries: readonly unknown[]): Generator<InputLine> {
  for (const [at, entry] of entries.entries()) {
    const text = typeof entry === 'string' ? entry : siteColumnOf(entry)
    if (text === undefined) {
      const problem = 'The entry is neither a text nor an object with a "domain", "url", "host" or "website".'
      yield { line: at + 1, text: shown(entry), problem }
    } else if (text.trim() !== '') yield { line: at + 1, text: text.trim() }
  }
}

/** Names of columns that hold a site, the best first. */
export const siteColumns = ['domain', 'host', 'hostname', 'url', 'website', 'site', 'homepage', 'web'] as const

function siteColumnOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  for (const column of siteColumns) {
    const value: unknown = (entry as Record<string, unknown>)[column]
    if (typeof value === 'string') return value
  }
  return undefined
}

function shown(entry: unknown): string {
  const text = JSON.stringify(entry) as string | undefined
  return text ?? typeof entry
}
