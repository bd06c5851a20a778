import type { AnalyzedStatement, SqlAnalysis, SqlReason } from '@pooler-safe/hazards'
import {
  analyzeTokens,
  eachStatement,
  isName,
  nameLength,
  nameOf,
  tokenize,
  tokenKinds,
  unreadable,
  worstOf,
  type Tokens,
} from '@pooler-safe/hazards/sql-table'
import { factsOf, type Fact } from './facts.ts'
import { byteOffsets } from './positions.ts'
import { parseSql, type ParseTree } from './tree.ts'

/**
 * Says what a text does, as `analyzeSql` of `@pooler-safe/hazards` does, by PostgreSQL's own grammar: never stricter
 * than the text deserves.
 *
 * Costs 10 to 100 µs (the first call some 30 ms more, to compile the parser); nothing is cached. Throws
 * `SqlSyntaxError` when PostgreSQL would refuse the text, and `GrammarUnavailable` when the text is too long or nested
 * too deeply: then only the token level can judge it. A text with a NUL character is `unreadable`.
 *
 * The bodies of `do` blocks and routines are not looked into; see `analyzeBody`.
 */
export function analyzeWithGrammar(text: string): SqlAnalysis {
  const nul = text.indexOf('\0')
  if (nul >= 0) return unreadable(text, 'NUL character', nul)
  return analyzeTree(text, parseSql(text))
}

/** The analysis of a text whose tree is at hand. */
export function analyzeTree(text: string, tree: ParseTree): SqlAnalysis {
  const tokens = tokenize(text)
  const tokenLevel = analyzeTokens(tokens)
  const ranges: { readonly from: number; readonly to: number }[] = []
  eachStatement(tokens, (from, to) => ranges.push({ from, to }))
  const offsetOf = byteOffsets(text)

  const statements = tree.statements.map((parsed, index): AnalyzedStatement => {
    const { command, facts } = factsOf(parsed.type, parsed.node)
    const begin = offsetOf(parsed.startBytes)
    const end = parsed.lengthBytes === undefined ? text.length : offsetOf(parsed.startBytes + parsed.lengthBytes)
    const range = tokenRange(tokens, begin, end)
    const known = tokenLevel.statements
      .flatMap((statement) => statement.reasons)
      .filter((reason) => reason.start >= range.start && reason.end <= range.end)
    const reasons = facts.map((fact) => place(fact, tokens, range, known, offsetOf))
    if (reasons.length > 1) reasons.sort((a, b) => a.start - b.start)
    return { index, start: range.start, end: range.end, verdict: worstOf(reasons), command, reasons }
  })
  if (statements.length === 0) {
    statements.push({ index: 0, start: 0, end: 0, verdict: 'safe', command: 'empty', reasons: [] })
  }
  return { verdict: worstOf(statements), statements }
}

interface Range {
  readonly start: number
  readonly end: number
  readonly firstToken: number
}

/** The tokens between two offsets, so that blanks, comments and the semicolon around a statement are left out. */
function tokenRange(tokens: Tokens, begin: number, end: number): Range {
  const firstToken = tokenAt(tokens, begin)
  let last = firstToken
  while (last + 1 < tokens.count && (tokens.starts[last + 1] ?? 0) < end) last += 1
  if (tokens.kinds[last] === tokenKinds.semicolon && last > firstToken) last -= 1
  return { start: tokens.starts[firstToken] ?? begin, end: tokens.ends[last] ?? end, firstToken }
}

/** The first token at or after an offset. */
function tokenAt(tokens: Tokens, offset: number): number {
  let low = 0
  let high = tokens.count
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tokens.starts[middle] ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Gives a fact its place. The tree knows where names start; for keywords it often knows nothing, and then the token
 * level, which has found the same hazard, does.
 */
function place(
  fact: Fact,
  tokens: Tokens,
  range: Range,
  known: SqlReason[],
  offsetOf: (bytes: number) => number,
): SqlReason {
  const { hazard, verdict, subject } = fact
  const start =
    fact.bytes === undefined ? undefined : lastPartOfName(tokens, tokenAt(tokens, offsetOf(fact.bytes)), subject)
  const index = known.findIndex((reason) => reason.hazard === hazard && (start === undefined || reason.start === start))
  if (index >= 0) {
    const [found] = known.splice(index, 1)
    if (found) return { ...found, verdict }
  }
  const first = start === undefined ? range.firstToken : tokenAt(tokens, start)
  return { hazard, verdict, subject, start: tokens.starts[first] ?? range.start, end: tokens.ends[first] ?? range.end }
}

/** The offset of the part of a qualified name (`pg_catalog.set_config`) that is the subject. */
function lastPartOfName(tokens: Tokens, at: number, subject: string): number | undefined {
  let token = at
  while (isName(tokens, token)) {
    const after = token + nameLength(tokens, token)
    if (nameOf(tokens, token) === subject || tokens.kinds[after] !== tokenKinds.dot) break
    token = after + 1
  }
  return tokens.starts[token]
}
