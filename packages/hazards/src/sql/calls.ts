import type { SqlFix, SqlReason } from './analysis.ts'
import { isKeyword, isName, nameLength, nameOf, plainStringValue, tokenKinds, type Tokens } from './lexer.ts'
import {
  type ArgumentRule,
  dangerousSettings,
  functionRules,
  type FunctionRule,
  identitySettings,
  isTemporarySchema,
  statementRules,
  type StatementKind,
} from './table.ts'

const K = tokenKinds

/** First letters of the names in the table, to pass over most calls without looking them up. */
const firstLetters = new Uint8Array(128)
for (const name of functionRules.keys()) firstLetters[name.charCodeAt(0)] = 1

/** A call being read whose arguments matter. */
interface OpenCall {
  readonly name: number
  readonly rule: FunctionRule
  readonly depth: number
  /** Arguments so far. */
  count: number
  /** First and last token of the argument being read; `first` is -1 while it is empty. */
  first: number
  last: number
  /** Name token of `name => value`, or -1. */
  argumentName: number
  value: 'empty' | 'true' | 'false' | 'other'
  /** What the argument of the rule turned out to be. */
  decided: 'absent' | 'true' | 'false' | 'other'
  decidedFirst: number
  decidedLast: number
  /** Value of the first argument, when it is a plain string. */
  setting: string | undefined
}

export function reasonOf(
  tokens: Tokens,
  kind: StatementKind,
  first: number,
  last = first,
  subject?: string,
): SqlReason {
  const rule = statementRules[kind]
  const start = tokens.starts[first] ?? 0
  const end = tokens.ends[last] ?? start
  return { hazard: rule.hazard, verdict: rule.verdict, subject: subject ?? tokens.text.slice(start, end), start, end }
}

/**
 * Finds what can stand anywhere in a statement: calls of functions of the table, names in the temporary schema,
 * `into temp`, `where current of`. One pass, linear in the number of tokens. `temporaryName` is the token of a schema
 * that has been dealt with already (the name of a temporary table being created).
 */
export function scanExpressions(
  tokens: Tokens,
  from: number,
  to: number,
  reasons: SqlReason[],
  temporaryName = -1,
): void {
  const { text, kinds, starts, ends } = tokens
  const stack: OpenCall[] = []
  let top: OpenCall | undefined
  let depth = 0

  for (let i = from; i < to; i += 1) {
    const kind = kinds[i] ?? 0

    if (kind === K.close) {
      depth -= 1
      if (top && depth < top.depth) {
        if (top.first >= 0) {
          finishArgument(tokens, top)
          top.count += 1
        }
        closeCall(tokens, top, true, reasons)
        stack.pop()
        top = stack.at(-1)
      } else if (top) feed(tokens, top, i, kind)
      continue
    }
    if (top) {
      if (depth === top.depth && kind === K.comma) {
        finishArgument(tokens, top)
        top.count += 1
        continue
      }
      if (depth === top.depth && kind === K.assign && top.first >= 0 && top.first === top.last) {
        top.argumentName = top.first
        top.first = -1
        top.value = 'empty'
        continue
      }
      feed(tokens, top, i, kind)
    }
    if (kind === K.open) {
      depth += 1
      continue
    }

    if (kind === K.word) {
      const start = starts[i] ?? 0
      const letter = text.charCodeAt(start) | 32
      const next = i + 1 < to ? kinds[i + 1] : 0
      if (next === K.open) {
        if (firstLetters[letter] === 1) i = openCall(i, i + 1)
      } else if (letter === 112 /* p */) {
        if (next === K.dot) temporary(i)
      } else if (letter === 99 /* c */) {
        if ((ends[i] ?? 0) - start === 7 && isKeyword(tokens, i, 'current') && isKeyword(tokens, i + 1, 'of')) {
          reasons.push(reasonOf(tokens, 'use cursor', i, i + 1))
        }
      } else if (letter === 105 /* i */) {
        if ((ends[i] ?? 0) - start === 4 && isKeyword(tokens, i, 'into')) intoTemporary(tokens, from, to, i, reasons)
      }
    } else if (kind === K.quotedName || kind === K.unicodeName) {
      const after = i + nameLength(tokens, i)
      const next = after < to ? kinds[after] : 0
      if (next === K.open) i = openCall(i, after)
      else if (next === K.dot) temporary(i)
    }
  }
  // Unbalanced: not SQL, but what was called is reported at its worst.
  for (const call of stack) closeCall(tokens, call, false, reasons)

  /** Looks at the call whose name is at `at` and whose parenthesis is at `open`; returns the last token it has read. */
  function openCall(at: number, open: number): number {
    const rule = functionRules.get(nameOf(tokens, at))
    if (!rule || !isMeant(tokens, from, at, rule)) return at
    if (!rule.argument && rule.arity === undefined) {
      reasons.push(functionReason(tokens, at, rule))
      return at
    }
    depth += 1
    top = {
      name: at,
      rule,
      depth,
      count: 0,
      first: -1,
      last: -1,
      argumentName: -1,
      value: 'empty',
      decided: 'absent',
      decidedFirst: -1,
      decidedLast: -1,
      setting: undefined,
    }
    stack.push(top)
    return open
  }

  function temporary(at: number): void {
    if (at !== temporaryName && isTemporarySchema(nameOf(tokens, at))) {
      reasons.push(reasonOf(tokens, 'temporary object', at))
    }
  }
}

/** Whether the name is unqualified or in `pg_catalog`; the schema of an extension's function is anybody's choice. */
function isMeant(tokens: Tokens, from: number, at: number, rule: FunctionRule): boolean {
  if (rule.extension || at - 2 < from || tokens.kinds[at - 1] !== K.dot) return true
  const schema = tokens.kinds[at - 2] === K.plainString ? at - 4 : at - 2
  return schema < from || !isName(tokens, schema) || nameOf(tokens, schema) === 'pg_catalog'
}

/** Takes one more token into the argument being read. */
function feed(tokens: Tokens, call: OpenCall, at: number, kind: number): void {
  if (call.first < 0) call.first = at
  call.last = at
  // Parentheses around a literal change nothing: `((true))`.
  if (call.value === 'empty') {
    if (kind === K.open) return
    call.value = isKeyword(tokens, at, 'true') ? 'true' : isKeyword(tokens, at, 'false') ? 'false' : 'other'
  } else if (kind !== K.close) {
    call.value = 'other'
  }
}

function finishArgument(tokens: Tokens, call: OpenCall): void {
  const { first, last, argumentName, rule } = call
  if (first >= 0) {
    const name = argumentName < 0 ? undefined : nameOf(tokens, argumentName)
    const argument = rule.argument
    if (argument && (name === undefined ? call.count === argument.index : name === argument.name)) {
      call.decided = call.decided !== 'absent' || call.value === 'empty' ? 'other' : call.value
      call.decidedFirst = first
      call.decidedLast = last
    }
    if (first === last && (name === undefined ? call.count === 0 : name === 'setting_name')) {
      call.setting = plainStringValue(tokens, first)
    }
  }
  call.first = -1
  call.last = -1
  call.argumentName = -1
  call.value = 'empty'
}

function closeCall(tokens: Tokens, call: OpenCall, closed: boolean, reasons: SqlReason[]): void {
  const { rule, name } = call
  if (rule.arity !== undefined && closed && call.count !== rule.arity) return
  const { argument } = rule
  if (!argument) {
    reasons.push(functionReason(tokens, name, rule))
    return
  }
  const decided = closed ? call.decided : 'other'
  const milder = isMilder(argument, decided)
  if (milder && argument.milder.verdict === 'safe') return
  const { hazard, verdict } = milder ? argument.milder : rule
  const start = tokens.starts[name] ?? 0
  const end = tokens.ends[name] ?? start
  const subject = nameOf(tokens, name)
  const setting = call.setting?.toLowerCase()
  const reason = {
    hazard: !milder && setting !== undefined && identitySettings.has(setting) ? 'set-role' : hazard,
    verdict,
    subject,
    start,
    end,
  } satisfies SqlReason
  reasons.push(
    milder || call.decidedFirst < 0 || argument.milderWhen === 'false'
      ? reason
      : { ...reason, fix: literalTrue(tokens, call) },
  )
  if (setting !== undefined) {
    const danger = dangerOf(setting, milder)
    if (danger) reasons.push({ ...danger, subject: setting, start, end })
  }
}

/** Whether an argument's value, as far as the text shows it, gives the milder verdict. */
export function isMilder(argument: ArgumentRule, decided: 'absent' | 'true' | 'false' | 'other'): boolean {
  return argument.milderWhen === 'true' ? decided === 'true' : decided === 'absent' || decided === 'false'
}

/** The remark on a setting that is dangerous when it leaks, or even within one transaction. */
export function dangerOf(setting: string, local: boolean): Pick<SqlReason, 'hazard' | 'verdict'> | undefined {
  const danger = dangerousSettings.get(setting)
  if (!danger || (local && !danger.evenLocal)) return undefined
  const { hazard, verdict } = statementRules[local ? 'dangerous setting, local' : 'dangerous setting']
  return { hazard, verdict }
}

/** Constant expressions that are true, so that `true` in their place changes nothing. */
const alwaysTrue =
  /^(?:not\s+false|(?:true|'t'|'true'|'on'|'yes'|'1'|1)\s*::\s*bool(?:ean)?|cast\s*\(\s*(?:true|'t'|'true'|'on'|'yes'|'1'|1)\s+as\s+bool(?:ean)?\s*\)|bool(?:ean)?\s*'(?:t|true|on|yes|1)'|'(?:t|true|on|yes|1)')$/i

function literalTrue(tokens: Tokens, call: OpenCall): SqlFix {
  const start = tokens.starts[call.decidedFirst] ?? 0
  const end = tokens.ends[call.decidedLast] ?? start
  return { start, end, text: 'true', safe: alwaysTrue.test(tokens.text.slice(start, end)) }
}

function functionReason(tokens: Tokens, at: number, rule: FunctionRule): SqlReason {
  const start = tokens.starts[at] ?? 0
  const end = tokens.ends[at] ?? start
  const reason = { hazard: rule.hazard, verdict: rule.verdict, subject: nameOf(tokens, at), start, end }
  if (rule.transactional === undefined || tokens.kinds[at] === K.unicodeName) return reason
  const quote = tokens.kinds[at] === K.quotedName ? '"' : ''
  return { ...reason, fix: { start, end, text: `${quote}${rule.transactional}${quote}`, safe: false } }
}

/** What can follow the table of `select … into`, so that `temp` before it is the table's own name. */
const clauseKeywords = 'from where group having window order limit offset fetch for union intersect except on'.split(
  ' ',
)

/** `select … into [local | global] temp[orary] [table] name`. */
function intoTemporary(tokens: Tokens, from: number, to: number, at: number, reasons: SqlReason[]): void {
  let i = at + 1
  if (isKeyword(tokens, i, 'local') || isKeyword(tokens, i, 'global')) i += 1
  if (!isKeyword(tokens, i, 'temp') && !isKeyword(tokens, i, 'temporary')) return
  if (i + 1 >= to || !isName(tokens, i + 1)) return
  if (clauseKeywords.some((keyword) => isKeyword(tokens, i + 1, keyword))) return
  if (at > from && isTargetNamedTemp(tokens, at - 1, i + 1)) return
  reasons.push(reasonOf(tokens, 'temporary object', i))
}

/**
 * Whether `temp` before `next` is the name of the table that an `insert` or `merge` at `verb` writes to. The verb alone
 * does not tell: `select 2 insert into temp t` calls its column `insert`. In doubt the answer is no.
 */
function isTargetNamedTemp(tokens: Tokens, verb: number, next: number): boolean {
  const follows = (at: number, keyword: string): boolean => isKeyword(tokens, at, keyword)
  if (follows(verb, 'merge')) {
    return follows(next, 'using') || follows(next, 'as') || follows(next + nameLength(tokens, next), 'using')
  }
  if (!follows(verb, 'insert')) return false
  if (follows(next, 'values')) return tokens.kinds[next + 1] === K.open
  if (follows(next, 'overriding')) return follows(next + 1, 'user') || follows(next + 1, 'system')
  return ['select', 'with', 'default', 'as'].some((keyword) => follows(next, keyword))
}
