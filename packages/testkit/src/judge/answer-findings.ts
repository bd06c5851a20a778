import type { HazardId } from '@pooler-safe/hazards'
import type { ServerMessage } from '../wire/decode.ts'
import type { TextFinding } from './text-findings.ts'

interface AnswerRule {
  readonly code: string
  readonly message: RegExp
  readonly hazard: HazardId
  readonly summary: string
}

const rule = (code: string, message: RegExp, hazard: HazardId, summary: string): AnswerRule => ({
  code,
  message,
  hazard,
  summary,
})

/** Errors that say which hazard it was. */
const errorRules: readonly AnswerRule[] = [
  rule('26000', /^prepared statement ".*" does not exist/, 'named-parse', 'a statement that another backend has'),
  rule('26000', /unnamed prepared statement/, 'unnamed-split', 'the unnamed statement of another backend'),
  rule('42P05', /already exists/, 'named-parse', 'a statement name that another client left on the backend'),
  rule('0A000', /cached plan must not change result type/, 'cached-plan-result-type', 'a plan older than the table'),
  rule('42601', /multiple commands into a prepared statement/, 'simple-multi-parse', 'several statements with values'),
  rule('25P01', /SAVEPOINT|ROLLBACK TO/, 'savepoint-misuse', 'a savepoint outside a transaction'),
  rule('25P01', /DECLARE CURSOR/, 'declare-outside-tx', 'a cursor outside a transaction'),
  rule('34000', /cursor ".*" does not exist/, 'declare-outside-tx', 'a cursor of another transaction or backend'),
  rule('25P01', /LOCK TABLE/, 'autocommit-locks', 'a lock outside a transaction'),
  rule('55000', /(currval|lastval).* not yet defined/, 'currval-lastval', 'a sequence value of another backend'),
  rule('42704', /invalid large-object descriptor/, 'large-objects', 'a large object opened in another transaction'),
  rule(
    '25001',
    /cannot (run|be executed) (inside|from)|cannot run inside/,
    'long-statements',
    'refused in a transaction',
  ),
]

const noticeRules: readonly AnswerRule[] = [
  rule(
    '25P01',
    /there is no transaction in progress/,
    'commit-outside-tx',
    'the end of a transaction that was not open',
  ),
  rule('25001', /already a transaction in progress/, 'already-in-tx', 'BEGIN inside a transaction'),
  rule('25P01', /SET CONSTRAINTS/, 'set-constraints', 'SET CONSTRAINTS outside a transaction'),
  rule('25P01', /SET (LOCAL|TRANSACTION)/, 'set-local-outside-tx', 'a local setting outside a transaction'),
  rule(
    '01000',
    /you don't own a lock of type/,
    'advisory-session-lock',
    'the unlock of a lock that another backend has',
  ),
  rule('01000', /is not a PostgreSQL (server|backend) process/, 'backend-identity', 'a process id that is no backend'),
]

/** Texts that only reset or set something: what a `finally` block sends. */
const cleansUp = /\b(set_config|reset|set\s+local|set\s+role)\b/i

/** What an ErrorResponse proves about the statement it answers. */
export function answerFinding(
  error: ServerMessage,
  sql: string | undefined,
  wasFailedBefore: boolean,
): TextFinding | undefined {
  if (error.code === '25P02' && wasFailedBefore) {
    return cleansUp.test(sql ?? '')
      ? {
          hazard: 'reset-in-finally',
          summary: 'settings were reset in an aborted transaction; that error hides the first',
        }
      : { hazard: '25p02-cascade', summary: 'a statement was sent to a transaction that was aborted already' }
  }
  if (error.code === '22P02' && error.message.endsWith(': ""') && /\bcurrent_setting\b/i.test(sql ?? '')) {
    return { hazard: 'guc-empty-string', summary: `a setting that was set once reads as '': ${error.message}` }
  }
  return byRule(errorRules, error)
}

/** What a NoticeResponse proves. */
export function noticeFinding(notice: ServerMessage): TextFinding | undefined {
  return byRule(noticeRules, notice)
}

function byRule(rules: readonly AnswerRule[], { code, message }: ServerMessage): TextFinding | undefined {
  const found = rules.find((one) => one.code === code && one.message.test(message))
  return found && { hazard: found.hazard, summary: `${found.summary}: ${code} ${message}` }
}
