import { classifyAnalysis, type HazardId, type SqlAnalysis, type SqlFinding } from '@pooler-safe/hazards'
import type { Edit, Finding, RuleName, Suggestion } from './finding.ts'
import type { ReadSql } from './grammar.ts'
import { looksLikeStatement } from './statement-start.ts'
import type { Operation } from './operation.ts'
import { isSetting, isUnmistakableSetting } from './settings-names.ts'
import { matchesGlob, type Settings } from './settings.ts'
import type { Context } from './transactions.ts'

/** The rule that a hazard of SQL text belongs to. */
const ruleByHazard: Readonly<Partial<Record<HazardId, RuleName>>> = {
  'session-set': 'no-session-state',
  'set-config-session': 'no-session-state',
  'set-in-committed-tx': 'no-session-state',
  'set-role': 'no-session-state',
  'session-characteristics': 'no-session-state',
  'dangerous-guc': 'no-session-state',
  'load-and-libs': 'no-session-state',
  'currval-lastval': 'no-session-state',
  'dblink-fdw-session': 'no-session-state',
  'temp-repl-slot': 'no-session-state',
  'deallocate-all': 'no-session-state',
  'backend-identity': 'no-session-state',
  'advisory-session-lock': 'no-session-lock',
  listen: 'no-listen',
  'sql-prepare': 'no-named-statement',
  'temp-table': 'no-session-object',
  'with-hold-cursor': 'no-session-object',
  'begin-on-pool-query': 'no-pool-transaction',
  'commit-outside-tx': 'no-pool-transaction',
  'already-in-tx': 'no-pool-transaction',
  'savepoint-misuse': 'no-pool-transaction',
  'set-local-outside-tx': 'no-unscoped-local',
  'set-constraints': 'no-unscoped-local',
  'declare-outside-tx': 'no-unscoped-local',
  'autocommit-locks': 'no-unscoped-local',
  'snapshot-export': 'no-unscoped-local',
  'large-objects': 'no-unscoped-local',
}

const settingHazards: ReadonlySet<HazardId> = new Set([
  'session-set',
  'set-in-committed-tx',
  'set-role',
  'session-characteristics',
  'dangerous-guc',
])

/** Functions that no other database has. */
const unmistakable: ReadonlySet<HazardId> = new Set(['advisory-session-lock', 'set-config-session'])

/** What is wrong with the statements of one text, where it runs. */
export function sqlFindings(
  operation: Operation,
  read: ReadSql,
  context: Context,
  settings: Settings,
): readonly Finding[] {
  if (context === 'direct' || read.analysis.unreadable !== undefined) return []
  const findings: Finding[] = []
  const taken = new Set<string>()
  const undone = rolledBack(read.analysis)
  for (const found of judge(read.analysis, operation, context)) {
    const rule = ruleOf(found)
    if (undone.has(found.statement) && isUndone(found)) continue
    if (!rule || !isReal(found, operation, read, settings)) continue
    const key = `${rule}:${String(found.statement)}`
    if (taken.has(key)) continue
    taken.add(key)
    const suggestions = suggestionsFor(found, read)
    findings.push({
      rule,
      hazard: found.hazard,
      subject: subjectOf(found, read),
      range: read.sql.rangeOf(found.start, found.end),
      operation,
      certain: read.readBy === 'grammar',
      ...(suggestions.length > 0 ? { suggestions } : {}),
    })
  }
  findings.push(...bodyFindings(operation, read))
  return findings
}

/** What the bodies of routines and `do` blocks do. */
function bodyFindings(operation: Operation | undefined, read: ReadSql): readonly Finding[] {
  const isJudged = ({ start, end, inner }: ReadSql['bodies'][number]): boolean => {
    // A body that commits fails inside of a transaction, wherever it is called: that has nothing to do with poolers.
    if (inner.verdict === 'txctl') return false
    // A body with holes that nobody can fill is read word by word.
    return inner.verdict !== 'opaque' || !read.unreadBodies.some(([from, to]) => start < to && end > from)
  }
  return read.bodies.filter(isJudged).map((found) => ({
    rule: 'no-hazard-in-body',
    hazard: 'hidden-in-routine',
    subject: found.inner.subject,
    range: read.sql.rangeOf(found.start, found.end),
    ...(operation ? { operation } : {}),
    certain: true,
    variant: found.inner.verdict === 'opaque' ? 'dynamic' : found.routine,
  }))
}

/** The findings of SQL that no visible call runs: only what can be nothing else. */
export function looseFindings(read: ReadSql): readonly Finding[] {
  if (read.readBy !== 'grammar' || !looksLikeStatement(read.sql.text)) return []
  const taken = new Set<string>()
  const outside = classifyAnalysis(read.analysis, { mode: 'transaction' }).flatMap((found): Finding[] => {
    const rule = found.verdict === 'session' ? ruleByHazard[found.hazard] : undefined
    const isPlain =
      unmistakable.has(found.hazard) || (settingHazards.has(found.hazard) && isUnmistakableSetting(found.subject))
    const key = `${rule ?? ''}:${String(found.statement)}`
    if (!rule || !isPlain || taken.has(key)) return []
    taken.add(key)
    const suggestions = suggestionsFor(found, read)
    return [
      {
        rule,
        hazard: found.hazard === 'set-in-committed-tx' ? 'session-set' : found.hazard,
        subject: subjectOf(found, read),
        range: read.sql.rangeOf(found.start, found.end),
        certain: true,
        ...(suggestions.length > 0 ? { suggestions } : {}),
      },
    ]
  })
  return [...outside, ...bodyFindings(undefined, read).filter((found) => found.variant !== 'dynamic')]
}

/** The findings of a file of SQL, whose statements run one after the other. */
export function scriptFindings(read: ReadSql, settings: Settings, assumeTransaction: boolean): readonly Finding[] {
  const mode = assumeTransaction ? 'transaction' : 'autocommit'
  const undone = rolledBack(read.analysis)
  const found = classifyAnalysis(read.analysis, { mode }).flatMap((finding): Finding[] => {
    const rule = ruleOf(finding)
    if (undone.has(finding.statement) && isUndone(finding)) return []
    if (!rule || !finding.refuse || (settingHazards.has(finding.hazard) && !isKnownSetting(finding, read, settings)))
      return []
    const suggestions = suggestionsFor(finding, read)
    return [
      {
        rule,
        hazard: finding.hazard,
        subject: subjectOf(finding, read),
        range: read.sql.rangeOf(finding.start, finding.end),
        certain: read.readBy === 'grammar',
        ...(suggestions.length > 0 ? { suggestions } : {}),
      },
    ]
  })
  const seen = new Set<string>()
  const single = found.filter((finding) => {
    const key = `${finding.rule}:${String(finding.range[0])}`
    return seen.has(key) ? false : Boolean(seen.add(key))
  })
  return [...single, ...bodyFindings(undefined, read)]
}

/** The statements between a `begin` and the `rollback` that ends it, by index. */
function rolledBack({ statements }: SqlAnalysis): ReadonlySet<number> {
  const undone = new Set<number>()
  let open: number[] | undefined
  for (const { command, index } of statements) {
    if (command === 'begin') open ??= []
    else if (command === 'commit') open = undefined
    else if (command === 'rollback') {
      for (const statement of open ?? []) undone.add(statement)
      open = undefined
    } else open?.push(index)
  }
  return undone
}

/** Whether a rollback takes back what a statement does: session locks and prepared statements stay. */
function isUndone({ hazard }: SqlFinding): boolean {
  return settingHazards.has(hazard) || /^(?:set-config-session|temp-table|listen)$/.test(hazard)
}

/** The hazards of a text where it runs. */
function judge(analysis: SqlAnalysis, operation: Operation, context: Context): readonly SqlFinding[] {
  const role = operation.receiver?.role
  const isBuilder = operation.driver === 'node-pg-migrate'
  switch (context) {
    case 'transaction': {
      // On a client that the code opened a transaction on itself, ending it is its own business.
      const managed = role === 'transaction'
      return classifyAnalysis(analysis, { mode: 'transaction' }).filter(
        (found) => found.verdict === 'session' || (managed && found.verdict === 'txctl' && found.refuse),
      )
    }
    case 'autocommit': {
      const findings = classifyAnalysis(analysis, { mode: 'autocommit' })
      const isPool = role === 'pool'
      return findings.filter(
        (found) =>
          (found.refuse && (isPool || (found.verdict !== 'txctl' && found.hazard !== 'savepoint-misuse'))) ||
          (isPool && found.hazard === 'autocommit-locks' && found.verdict === 'safe'),
      )
    }
    default: {
      const findings = classifyAnalysis(analysis, { mode: 'transaction' })
      // Nothing says that a transaction is open.
      const session = findings.filter((found) => found.verdict === 'session')
      return isBuilder
        ? []
        : session.map((found) => (found.hazard === 'set-in-committed-tx' ? { ...found, hazard: 'session-set' } : found))
    }
  }
}

function ruleOf({ hazard, subject, verdict }: SqlFinding): RuleName | undefined {
  // `on commit drop` needs a transaction to live in.
  if (hazard === 'temp-table' && verdict === 'tx') return 'no-unscoped-local'
  if (hazard === 'deallocate-all' && /^deallocate/i.test(subject)) return 'no-named-statement'
  return ruleByHazard[hazard]
}

/** Whether PostgreSQL is meant, and the grammar has nothing against it. */
function isReal(found: SqlFinding, operation: Operation, read: ReadSql, settings: Settings): boolean {
  const { driver, engine } = operation
  // `currval` after an insert of the same transaction is right.
  if (found.hazard === 'currval-lastval' && operation.receiver?.role === 'transaction') return false
  if (settingHazards.has(found.hazard) && !isKnownSetting(found, read, settings)) return false
  if (engine !== 'postgres' && !isUnmistakable(found)) return false
  if (read.readBy === 'grammar' || !read.refused) return true
  // Text with holes that nothing fits in is judged by its tokens; text without holes is not PostgreSQL's.
  if (read.sql.holes.length === 0) return false
  return driver !== 'unknown' || unmistakable.has(found.hazard)
}

function isUnmistakable({ hazard, subject }: SqlFinding): boolean {
  if (unmistakable.has(hazard)) return true
  if (hazard === 'set-local-outside-tx' && subject === 'set_config') return true
  return settingHazards.has(hazard) && (subject.includes('.') || isUnmistakableSetting(subject))
}

function isKnownSetting({ subject, start, end }: SqlFinding, read: ReadSql, settings: Settings): boolean {
  if (subject === 'all' || subject.includes('.') || isSetting(subject)) return true
  if (/^default_transaction|^transaction/.test(subject) || read.sql.hasHole(start, end)) return true
  return subject.startsWith('session') || matchesGlob(settings.extraGucs, subject)
}

function subjectOf(found: SqlFinding, read: ReadSql): string {
  if (!read.sql.hasHole(found.start, found.end)) return found.subject
  return /hole_\d+|\$\d+/.test(found.subject) ? '${…}' : found.subject
}

/** What the classifier would write instead, where the text stands in the source word for word. */
function suggestionsFor(found: SqlFinding, read: ReadSql): readonly Suggestion[] {
  const { fix } = found
  if (!fix) return []
  const range = read.sql.writtenAt(fix.start, fix.end)
  if (!range) return []
  const edit: Edit = { range, text: matchCase(fix.text, read.sql.text.slice(Math.max(0, fix.start - 8), fix.end + 1)) }
  return [{ title: fix.text.trim(), edits: [edit] }]
}

/** Upper case among upper case. */
function matchCase(text: string, around: string): string {
  return /^\s*(?:local|true)$/.test(text) && /\b(?:SET|SESSION|SELECT|FALSE)\b/.test(around) ? text.toUpperCase() : text
}
