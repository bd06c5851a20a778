import { isKeyword, tokenKinds, type Tokens } from './lexer.ts'

const K = tokenKinds

/**
 * Calls `each` with the token range (`from` included, `to` not) of every statement that is not empty.
 *
 * A semicolon ends a statement unless it stands in parentheses (`create rule … do (a; b)`) or in the body of a
 * SQL-standard routine (`begin atomic a; b; end`).
 */
export function eachStatement(tokens: Tokens, each: (from: number, to: number) => void): void {
  const { kinds, count } = tokens
  let from = 0
  let depth = 0
  for (let i = 0; i < count; i += 1) {
    const kind = kinds[i]
    if (kind === K.open) depth += 1
    else if (kind === K.close) depth -= 1
    else if (kind === K.semicolon && depth <= 0) {
      if (i > from) each(from, i)
      from = i + 1
      depth = 0
    } else if (kind === K.word && i === from && startsRoutine(tokens, i)) {
      const body = atomicBody(tokens, i)
      if (body) i = body.end
    }
  }
  if (count > from) each(from, count)
}

/** Whether a statement that starts here is `create [or replace] function | procedure`. */
export function startsRoutine(tokens: Tokens, at: number): boolean {
  if (!isKeyword(tokens, at, 'create')) return false
  const next = isKeyword(tokens, at + 1, 'or') && isKeyword(tokens, at + 2, 'replace') ? at + 3 : at + 1
  return isKeyword(tokens, next, 'function') || isKeyword(tokens, next, 'procedure')
}

/**
 * The `begin atomic … end` body of a routine whose `create` is at `at`: the tokens of `begin` and of `end` (or the end
 * of the text when it is missing). Nothing when the routine has no such body.
 *
 * Every statement of a body ends with a semicolon and none starts with `end`, so the `end` that follows a semicolon
 * (or `atomic`) at once is the real one, whatever `case … end` or columns named `end` come before. `create function`
 * may stand inside, with a body of its own.
 */
export function atomicBody(tokens: Tokens, at: number): { readonly begin: number; readonly end: number } | undefined {
  const { kinds, count } = tokens
  const begin = bodyStart(tokens, at)
  if (begin < 0) return undefined
  let bodies = 1
  let depth = 0
  let fresh = true
  for (let i = begin + 2; i < count; i += 1) {
    const kind = kinds[i]
    if (kind === K.open) depth += 1
    else if (kind === K.close) depth -= 1
    if (kind === K.semicolon && depth <= 0) {
      fresh = true
      depth = 0
      continue
    }
    if (!fresh) continue
    fresh = false
    if (isKeyword(tokens, i, 'end')) {
      bodies -= 1
      if (bodies === 0) return { begin, end: i }
    } else if (startsRoutine(tokens, i)) {
      const inner = bodyStart(tokens, i)
      if (inner >= 0) {
        bodies += 1
        i = inner + 1
        fresh = true
      }
    }
  }
  return { begin, end: count - 1 }
}

/** The `begin` of `begin atomic` in the routine at `at`, outside parentheses and before its first semicolon; or -1. */
function bodyStart(tokens: Tokens, at: number): number {
  let depth = 0
  for (let i = at + 2; i < tokens.count; i += 1) {
    const kind = tokens.kinds[i]
    if (kind === K.open) depth += 1
    else if (kind === K.close) depth -= 1
    else if (depth <= 0) {
      if (kind === K.semicolon) return -1
      if (kind === K.word && isKeyword(tokens, i, 'begin') && isKeyword(tokens, i + 1, 'atomic')) return i
    }
  }
  return -1
}
