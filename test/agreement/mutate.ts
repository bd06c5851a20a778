import { tokenize, tokenText } from '@pooler-safe/hazards/sql-table'
import type { Random } from './random.ts'

const blanks = [
  ' ',
  '\n',
  '\t',
  '/* c */',
  '/* a /* b */ ; */',
  '-- x\n',
  ' -- set x = 1;\n',
  '\r\n',
  '\f',
  '/**/',
  "/* ' */",
  '/* $$ */',
]

/** Pieces that replace or join tokens: what the classifiers look for, and what could confuse them. */
const pieces = [
  ...(
    'set|local|session|transaction|to|=|reset|all|begin|commit|rollback|end|atomic|case|when|then|as|execute|temp|temporary|' +
    'table|view|into|on commit drop|with hold|for update|current of c|pg_temp.|pg_catalog.|s.|"pg_temp".|listen|notify|' +
    'declare|cursor|prepare|deallocate|explain|analyze|verbose|(|)|,|;|.|::|:=|=>|true|false|null|not|$1|1|2.5|a|"a"|"A b"|' +
    'é|select|insert|update|delete|values|from|where|and|or|create|function|stdin|stdout|from stdin|concurrently|only|' +
    'return|language sql|is_local => true|is_local => false|temporary => true|variadic|distinct|default|+|-|*|<|@-|=>-1|||'
  ).split('|'),
  "'x'",
  "E'\\''",
  "E'a'\n'\\' b'",
  "'a''b'",
  "U&'\\0041'",
  '$$ x $$',
  "$a$ ; set x = 1; ' $a$",
  'U&"a\\0062"',
  'U&"pg_advisory_\\006cock"(1)',
  'U&"d!0061t!+000061" uescape \'!\'',
  "b'01'",
  'pg_advisory_lock(1)',
  'pg_catalog.pg_advisory_lock(1)',
  'pg_advisory_xact_lock(1)',
  "set_config('a', 'b', true)",
  "set_config('a', 'b', false)",
  "set_config('a', 'b', $1)",
  "set_config('role', 'b', (true))",
  'lastval()',
  "currval('s')",
  '"lastval"()',
  'pg_advisory_lock',
  'set_config',
  "pg_create_physical_replication_slot('a', true, false)",
  'lo_open(1, 2)',
  'set x = 1',
  'set local x = 1',
  'reset all',
  '; commit',
  '; set x = 1',
  'begin;',
  'select 1;',
  'begin atomic select 1; end',
]

interface Piece {
  /** What stands before the token: blanks and comments. */
  readonly gap: string
  readonly token: string
}

function cut(text: string): readonly Piece[] {
  const tokens = tokenize(text)
  const result: Piece[] = []
  let end = 0
  for (let i = 0; i < tokens.count; i += 1) {
    const start = tokens.starts[i]!
    result.push({ gap: text.slice(end, start), token: tokenText(tokens, i) })
    end = tokens.ends[i]!
  }
  return result
}

function join(parts: readonly Piece[]): string {
  return parts.map(({ gap, token }) => gap + token).join('')
}

/** A changed copy of `text`, valid or not; `other` is another text of the corpus to take parts from. */
export function mutate(text: string, other: string, random: Random): string {
  const parts = [...cut(text)]
  const steps = 1 + random.below(3)
  for (let step = 0; step < steps; step += 1) {
    if (parts.length === 0) break
    mutateOnce(parts, other, random)
  }
  return join(parts)
}

function mutateOnce(parts: Piece[], other: string, random: Random): void {
  const at = random.below(parts.length)
  const part = parts[at]!
  switch (random.below(14)) {
    case 0: // Blanks or a comment where there may be some.
    case 1:
      parts[at] = { ...part, gap: part.gap + random.pick(blanks) }
      return
    case 2: // Upper and lower case.
      parts[at] = {
        ...part,
        token: part.token.replace(/[a-z]/gi, (c) => (random.below(2) ? c.toUpperCase() : c.toLowerCase())),
      }
      return
    case 3: // A name in quotes.
      if (/^[a-z_]+$/i.test(part.token)) parts[at] = { ...part, token: `"${part.token.toLowerCase()}"` }
      return
    case 4: // A name in Unicode escapes.
      if (/^[a-z_]+$/i.test(part.token)) {
        const code = part.token.toLowerCase().charCodeAt(0).toString(16).padStart(4, '0')
        parts[at] = { ...part, token: `U&"\\${code}${part.token.toLowerCase().slice(1)}"` }
      }
      return
    case 5:
      parts.splice(at, 1)
      return
    case 6:
      parts.splice(at, 0, { ...part, gap: ' ' })
      return
    case 7: {
      const with_ = random.below(parts.length)
      parts[at] = parts[with_]!
      parts[with_] = part
      return
    }
    case 8:
    case 9:
      parts[at] = { gap: ' ', token: random.pick(pieces) }
      return
    case 10:
    case 11:
      parts.splice(at, 0, { gap: ' ', token: random.pick(pieces) })
      return
    case 12: {
      const others = cut(other)
      if (others.length === 0) return
      const from = random.below(others.length)
      const length = 1 + random.below(Math.min(8, others.length - from))
      parts.splice(at, random.below(3), { gap: ' ', token: '' }, ...others.slice(from, from + length))
      return
    }
    default: // Another statement before or after.
      if (random.below(2)) parts.push({ gap: '', token: ';' }, ...cut(other))
      else parts.unshift(...cut(other), { gap: '', token: ';' })
  }
}
