import { analyzeSql, verdicts, type SqlAnalysis, type Verdict } from '@pooler-safe/hazards'
import { analyzeTree, parseSql, SqlSyntaxError, type ParseTree } from '@pooler-safe/sql-grammar'

/** How the token level's answer on one text relates to the grammar's. */
export type Relation = 'invalid' | 'equal' | 'stricter' | 'more-lenient'

export interface Comparison {
  readonly relation: Relation
  /** What is different, in words; empty when nothing is. */
  readonly difference: string
  readonly tree?: ParseTree
}

/** Commands that the session acts upon: to miss one is as bad as to miss a verdict. */
const watched = new Set([
  'begin',
  'commit',
  'commit-and-chain',
  'rollback',
  'rollback-and-chain',
  'savepoint',
  'release',
  'rollback-to',
  'prepare-transaction',
  'commit-prepared',
  'rollback-prepared',
  'set-transaction',
  'copy-in',
  'copy-out',
  'no-transaction',
])

/**
 * Asks both classifiers. The token level is too lenient when the text or one of its statements gets a milder verdict,
 * when it misses a command the session acts upon, or when it sees another number of statements; a hazard that only the
 * grammar sees counts, too, unless it is a mere remark.
 */
export function compare(text: string): Comparison {
  let tree: ParseTree
  try {
    tree = parseSql(text)
  } catch (error) {
    if (error instanceof SqlSyntaxError) return { relation: 'invalid', difference: error.message }
    throw error
  }
  return { ...compareAnalyses(analyzeSql(text), analyzeTree(text, tree)), tree }
}

function compareAnalyses(token: SqlAnalysis, grammar: SqlAnalysis): Comparison {
  if (token.unreadable !== undefined) return { relation: 'stricter', difference: token.unreadable }
  if (token.statements.length !== grammar.statements.length) {
    return {
      relation: 'more-lenient',
      difference: `${token.statements.length} statements, not ${grammar.statements.length}`,
    }
  }
  let relation: Relation = 'equal'
  let difference = ''
  for (const [index, right] of grammar.statements.entries()) {
    const left = token.statements[index]!
    const step = rank(left.verdict) - rank(right.verdict)
    if (step < 0) return { relation: 'more-lenient', difference: `${left.verdict}, not ${right.verdict}` }
    if (left.command !== right.command && watched.has(right.command)) {
      return { relation: 'more-lenient', difference: `${left.command}, not ${right.command}` }
    }
    const missed = right.reasons.find(
      ({ hazard, verdict }) => verdict !== 'safe' && !left.reasons.some((reason) => reason.hazard === hazard),
    )
    if (missed) return { relation: 'more-lenient', difference: `misses ${missed.hazard} (${missed.subject})` }
    if (step > 0 || left.command !== right.command) {
      relation = 'stricter'
      difference = `${left.verdict} ${left.command}, not ${right.verdict} ${right.command}`
    }
  }
  return { relation, difference }
}

function rank(verdict: Verdict): number {
  return verdicts.indexOf(verdict)
}
