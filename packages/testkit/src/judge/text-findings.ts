import { analyzeSql, classifySql, type HazardId } from '@pooler-safe/hazards'
import type { TransactionStatement } from './cause-of-residue.ts'

/** A hazard that the text of a statement shows. */
export interface TextFinding {
  readonly hazard: HazardId
  readonly summary: string
}

/** What an audit sees for certain: then the text proves nothing more (it may have been rolled back, or undone). */
const auditable: ReadonlySet<HazardId> = new Set([
  'session-set',
  'set-config-session',
  'set-in-committed-tx',
  'set-role',
  'session-characteristics',
  'dangerous-guc',
  'sql-prepare',
  'listen',
  'advisory-session-lock',
  'temp-table',
  'with-hold-cursor',
  'temp-repl-slot',
  'hidden-in-routine',
])

/** What a pooler's judge knows better from the answers, or what is no fault of the text. */
const leftToOthers: ReadonlySet<HazardId> = new Set([
  'begin-on-pool-query',
  'commit-outside-tx',
  'already-in-tx',
  'simple-multi-parse',
  'multi-statement-simple',
  'copy',
])

/** Functions that only read: dangerous in the hands of those who act on it, harmless in a log. */
const onlyRead = new Set(['pg_backend_pid', 'pg_listening_channels', 'pg_my_temp_schema'])

const jwtLiteral =
  /(set_config\s*\(\s*'[\w.]*jwt[\w.]*'\s*,\s*'\s*\{|\bset\s+(local\s+)?"?[\w.]*jwt[\w.]*"?\s*(=|to)\s*'\s*\{)/i

/** The hazards in a statement's text that no audit and no answer shows. */
export function textFindings(statement: TransactionStatement, isAudited: boolean): TextFinding[] {
  const { sql, mode } = statement
  const found: TextFinding[] = []
  for (const { hazard, subject, refuse } of classifySql(sql, { mode })) {
    if (leftToOthers.has(hazard) || onlyRead.has(subject.toLowerCase())) continue
    if (isAudited && auditable.has(hazard)) continue
    if (hazard === 'hidden-in-routine' && !refuse) continue
    if (hazard === 'currval-lastval' && mode !== 'autocommit') continue
    if (hazard === 'currval-lastval' && /\bnextval\b/i.test(sql)) continue
    found.push({ hazard, summary: `${subject} ${whereItRan[mode]}` })
  }
  if (controlsTransactionAmongOthers(sql)) {
    found.push({
      hazard: 'multi-statement-simple',
      summary: 'several statements in one message, some of which open or end a transaction in the middle of it',
    })
  }
  if (jwtLiteral.test(sql)) {
    found.push({ hazard: 'jwt-string-interpolation', summary: 'claims were written into the SQL as a literal' })
  }
  return found
}

const whereItRan = {
  autocommit: 'in a statement of its own',
  transaction: 'inside a transaction',
  batch: 'in a batch',
} as const

/** True for `begin; insert …` and `insert …; commit; select …`, not for one whole transaction in one message. */
function controlsTransactionAmongOthers(sql: string): boolean {
  if (!sql.includes(';')) return false
  const { statements } = analyzeSql(sql)
  if (statements.length < 2) return false
  const commands = statements.map(({ command }) => command)
  const controls = commands.filter((command) => boundaries.has(command)).length
  if (controls === 0) return false
  const last = commands.at(-1)
  const isWhole = commands[0] === 'begin' && (last === 'commit' || last === 'rollback') && controls === 2
  return !isWhole
}

const boundaries: ReadonlySet<string> = new Set([
  'begin',
  'commit',
  'commit-and-chain',
  'rollback',
  'rollback-and-chain',
])
