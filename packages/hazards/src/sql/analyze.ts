import type { AnalyzedStatement, SqlAnalysis } from './analysis.ts'
import { TwoGenerationCache } from './cache.ts'
import { withTokens, type Tokens } from './lexer.ts'
import { harmlessQuery } from './prefilter.ts'
import { eachStatement } from './split.ts'
import { analyzeStatement, worstOf } from './statement.ts'

/** Longer texts (bulk inserts) are hardly ever seen twice, and would hold memory. */
const longestCachedText = 16 * 1024

const cache = new TwoGenerationCache<SqlAnalysis>(1000)

/**
 * Says what a text does to the backend that runs it, at the token level: no grammar, no I/O, no dependencies.
 *
 * Linear in the length of the text. A repeated text costs a map look-up (10 ns to 1 µs, the cost of hashing the
 * string), a new one 0.1 to 4 µs for the usual statement. Never throws; a text that cannot be read is never `safe`.
 *
 * At least as strict as PostgreSQL's own grammar (`analyzeWithGrammar` of `@pooler-safe/sql-grammar`): what it calls
 * `safe` is. It does not see into functions, procedures, views and `do` blocks. It relies on
 * `standard_conforming_strings = on`.
 */
export function analyzeSql(text: string): SqlAnalysis {
  const known = cache.get(text)
  if (known !== undefined) return known
  const analysis = analyzeUncached(text)
  if (text.length <= longestCachedText) cache.set(text, analysis)
  return analysis
}

/** `analyzeSql` without the cache. */
export function analyzeUncached(text: string): SqlAnalysis {
  const query = harmlessQuery(text)
  if (query) {
    return {
      verdict: 'safe',
      statements: [{ index: 0, start: query.start, end: query.end, verdict: 'safe', command: 'other', reasons: [] }],
    }
  }
  return withTokens(text, analyzeTokens)
}

/** The analysis of a text by its tokens alone, without pre-filter and cache. */
export function analyzeTokens(tokens: Tokens): SqlAnalysis {
  if (tokens.problem) return unreadable(tokens.text, tokens.problem.reason, tokens.problem.start)
  const statements: AnalyzedStatement[] = []
  eachStatement(tokens, (from, to) => statements.push(analyzeStatement(tokens, statements.length, from, to)))
  if (statements.length === 0) {
    statements.push({ index: 0, start: 0, end: 0, verdict: 'safe', command: 'empty', reasons: [] })
  }
  return { verdict: worstOf(statements), statements }
}

/** The analysis of a text that cannot be read from `start` on. */
export function unreadable(text: string, reason: string, start: number): SqlAnalysis {
  const end = text.length
  return {
    verdict: 'session',
    unreadable: reason,
    statements: [
      {
        index: 0,
        start: 0,
        end,
        verdict: 'session',
        command: 'other',
        reasons: [{ hazard: 'hidden-in-routine', verdict: 'session', subject: reason, start, end }],
      },
    ],
  }
}
