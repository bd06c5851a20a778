import { analyzeSql, type SqlAnalysis } from '@pooler-safe/hazards'
import { tokenize, tokenKinds } from '@pooler-safe/hazards/sql-table'
import {
  analyzeTree,
  bodiesOf,
  GrammarUnavailable,
  parseSql,
  SqlSyntaxError,
  type BodyFinding,
  type ParseTree,
} from '@pooler-safe/sql-grammar'
import type { Range } from './estree.ts'
import { SqlText, type Hole, type HoleKind } from './sql-text.ts'
import type { Pieces } from './alternatives.ts'

/** SQL as far as it could be read. */
export interface ReadSql {
  readonly sql: SqlText
  readonly analysis: SqlAnalysis
  /** What the bodies of `do` blocks and routines do. */
  readonly bodies: readonly BodyFinding[]
  /** The bodies that no parser can read because of holes in them. */
  readonly unreadBodies: readonly Range[]
  /**
   * `grammar`: PostgreSQL's own grammar accepts the text. `tokens`: it does not (a fragment, a hole that nothing fits
   * in), or nobody asked it because the tokens show no hazard.
   */
  readonly readBy: 'grammar' | 'tokens'
  /** Whether the grammar was asked and refused. */
  readonly refused: boolean
}

/** What may stand in a hole, likeliest first; `#` is its number. */
const substitutions: Readonly<Record<HoleKind, readonly string[]>> = {
  param: ['$#', 'hole_#', "''", '(1)', 'x = 1', '', 'select 1', '(x) values (1)', 'true', 'and true'],
  raw: [
    ...['hole_#', '1', '', 'select 1', "''", '(x) values (1)', 'hole_#.x', '(1)', 'true', 'where true', 'x = 1'],
    ...[', hole_#', 'and true', '$#', 'int', 'asc'],
  ],
  name: ['"hole_#"', 'hole_#', '1', ''],
  fragment: ['hole_#', '', '1', 'select 1', '(1)', 'where true', 'x = 1', '(x) values (1)', 'and true', 'x int'],
}

/** Places where the grammar takes a few words only, and one of them. */
const keywordPlaces: readonly (readonly [before: RegExp, word: string])[] = [
  [/\bisolation\s+level\s+$/i, 'serializable'],
  [/\breplica\s+identity\s+$/i, 'full'],
  [/\bgenerated\s+$/i, 'always'],
  [/\bfor\s+each\s+$/i, 'row'],
  [/\bcreate\s+policy\s[^;]*\bas\s+$/i, 'permissive'],
  [/\bcreate\s+policy\s[^;]*\bfor\s+$/i, 'all'],
  [/\btrigger\s+\S+\s+$/i, 'before'],
  [/\btrigger\s+\S+\s+before\s+$/i, 'insert'],
  [/\bcomment\s+on\s[^;]*\bis\s+$/i, "''"],
]

/** Attempts for a text, and those that each hole adds. */
const fewestAttempts = 16
const attemptsByHole = 8
const mostAttempts = 96
/** Bulk data is judged by its tokens alone. */
const longestParsed = 60_000
const longestRead = 1_000_000

/** Whether a word of the text makes a look into routine bodies worthwhile. */
const mayHoldBody = /\b(?:do|function|procedure)\b/i

/**
 * Reads SQL with holes. The token level decides whether there is anything to confirm; then the grammar is asked, and
 * the error position it answers with tells which hole has to be filled in another way.
 *
 * With `always` the grammar is asked for every text.
 */
export function readSql(pieces: Pieces, always = false): ReadSql {
  const choice = new Map<number, number>()
  const fill = (hole: Hole, index: number, before: string): string => {
    // `$${position}`
    if (before.endsWith('$') && hole.hole !== 'name') return String(index + 1)
    const turn = choice.get(index) ?? 0
    const keyword = keywordPlaces.find(([place]) => place.test(before.slice(-300)))?.[1]
    if (keyword !== undefined && turn === 0) return keyword
    const list = substitutions[hole.hole]
    return (list[keyword === undefined ? turn : turn - 1] ?? '').replace('#', String(index + 1))
  }
  let sql = new SqlText(pieces, fill)
  const first = sql
  if (sql.text.length > longestRead) return { ...unread(sql), refused: true }
  const tokenLevel = analyzeSql(sql.text)
  const suspicious = tokenLevel.statements.some((statement) => statement.reasons.length > 0)
  if (sql.text.length > longestParsed || !(always || suspicious || mayHoldBody.test(sql.text))) {
    return { sql, analysis: tokenLevel, bodies: [], unreadBodies: [], readBy: 'tokens', refused: false }
  }
  let prepared = false
  const attempts = Math.min(mostAttempts, fewestAttempts + attemptsByHole * sql.holes.length)
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const text = prepared ? withoutPlaceholders(sql.text) : sql.text
    const answer = parse(text)
    // Too deep for the grammar: the tokens have the last word.
    if (answer === undefined)
      return { sql: first, analysis: tokenLevel, bodies: [], unreadBodies: [], readBy: 'tokens', refused: false }
    if (typeof answer !== 'number') {
      return {
        sql,
        analysis: analyzeTree(text, answer),
        ...bodiesIn(sql, text, answer),
        readBy: 'grammar',
        refused: false,
      }
    }
    if (!prepared && withoutPlaceholders(sql.text) !== sql.text) {
      prepared = true
      continue
    }
    if (!advance(sql, answer, choice)) break
    sql = new SqlText(pieces, fill)
  }
  return { sql: first, analysis: tokenLevel, bodies: [], unreadBodies: [], readBy: 'tokens', refused: true }
}

function unread(sql: SqlText): ReadSql {
  const end = sql.text.length
  const statement = { index: 0, start: 0, end, verdict: 'safe', command: 'other', reasons: [] } as const
  return {
    sql,
    analysis: { verdict: 'safe', statements: [statement] },
    bodies: [],
    unreadBodies: [],
    readBy: 'tokens',
    refused: false,
  }
}

/** The tree, where the text is wrong, or nothing when the grammar cannot say. */
function parse(text: string): ParseTree | number | undefined {
  try {
    return parseSql(text)
  } catch (error) {
    if (error instanceof SqlSyntaxError) return error.offset
    if (error instanceof GrammarUnavailable) return undefined
    throw error
  }
}

/** What the bodies of a text do, and which of them have holes that nothing fits in. */
function bodiesIn(sql: SqlText, text: string, tree: ParseTree): Pick<ReadSql, 'bodies' | 'unreadBodies'> {
  const found = bodies(text, tree)
  const unreadable = found.filter(({ inner }) => inner.subject === 'unparsable body')
  if (unreadable.length === 0) return { bodies: found, unreadBodies: [] }
  // Names that a tool fills in before it runs the text.
  const filled = withoutNamesInBodies(text)
  const again = filled === text ? found : bodies(filled, parseSql(filled))
  return {
    bodies: again,
    unreadBodies: unreadable.filter(({ start, end }) => sql.hasHole(start, end)).map(({ start, end }) => [start, end]),
  }
}

/** Replaces `:name` inside of dollar quotes, but not in the strings there. */
function withoutNamesInBodies(text: string): string {
  const tokens = tokenize(text)
  let filled = ''
  let copied = 0
  for (let i = 0; i < tokens.count; i += 1) {
    const start = tokens.starts[i] ?? 0
    const end = tokens.ends[i] ?? 0
    const opening = /^\$[^$]*\$/.exec(text.slice(start, Math.min(end, start + 70)))?.[0]
    if (opening === undefined || end - start < 2 * opening.length) continue
    const inside = text.slice(start + opening.length, end - opening.length)
    filled +=
      text.slice(copied, start + opening.length) +
      replaceNames(inside, /(?<=::):[A-Za-z_]\w*|(?<![:\w\]])[:@][A-Za-z_]\w*/g)
    copied = end - opening.length
  }
  return filled + text.slice(copied)
}

function replaceNames(text: string, pattern: RegExp): string {
  const quoted = quotedRanges(text)
  return text.replace(pattern, (match: string, ...rest: unknown[]) => {
    const offset = rest.find((item) => typeof item === 'number') ?? 0
    return quoted.some(([start, end]) => offset >= start && offset < end) ? match : 'p'.repeat(match.length)
  })
}

function bodies(text: string, tree: ParseTree): readonly BodyFinding[] {
  try {
    return bodiesOf(text, tree)
  } catch (error) {
    if (error instanceof SqlSyntaxError || error instanceof GrammarUnavailable) return []
    throw error
  }
}

/** Fills the hole at or before an error differently; false when nothing is left to try. */
function advance(sql: SqlText, error: number, choice: Map<number, number>): boolean {
  const order = sql.holes.map((hole, index) => ({ hole, index }))
  const before = order.filter(({ hole }) => hole.at <= error).reverse()
  const after = order.filter(({ hole }) => hole.at > error)
  for (const { hole, index } of [...before, ...after]) {
    const next = (choice.get(index) ?? 0) + 1
    if (next > substitutions[hole.hole].length) continue
    choice.set(index, next)
    return true
  }
  return false
}

/**
 * Replaces the placeholders of other notations (`?`, `??`, `:name`, `@name`, `$/name/`, `$<name>`, `{name}`) by
 * something of the same width that the grammar takes, outside strings and comments.
 */
export function withoutPlaceholders(text: string): string {
  if (!/[?:@{]|\$[/<([{]/.test(text)) return text
  const quoted = quotedRanges(text)
  const pattern =
    /\$(?:\/[\w.]+(?::\w+|[\^~#])?\/|<[\w.]+(?::\w+|[\^~#])?>|\([\w.]+(?::\w+|[\^~#])?\)|\[[\w.]+(?::\w+|[\^~#])?\]|\{[\w.]+(?::\w+|[\^~#])?\})|\$\d+(?::\w+|[\^~#])|\?\??|(?<![:\w])[:@][A-Za-z_]\w*:?|\{\{?[\w.]+\}?\}/g
  return text.replace(pattern, (match: string, offset: number) => {
    if (quoted.some(([start, end]) => offset >= start && offset < end)) return match
    // Operators that contain a question mark belong to JSON.
    if (match === '?' && /[|&@<>]/.test(text.charAt(offset + 1))) return match
    return match === '?' ? '1' : 'p'.repeat(match.length)
  })
}

function quotedRanges(text: string): readonly (readonly [number, number])[] {
  const tokens = tokenize(text)
  const ranges: [number, number][] = []
  for (let i = 0; i < tokens.count; i += 1) {
    const kind = tokens.kinds[i]
    if (kind === tokenKinds.string || kind === tokenKinds.plainString) {
      ranges.push([tokens.starts[i] ?? 0, tokens.ends[i] ?? 0])
    }
  }
  return ranges
}
