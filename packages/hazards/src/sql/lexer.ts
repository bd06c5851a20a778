/**
 * PostgreSQL's lexical rules (`scan.l`, version 18), as far as they decide where words begin and end.
 *
 * Relies on `standard_conforming_strings = on` (the default since 9.1) and on a UTF-8 client encoding.
 */

/** What a token is. Numbers, so that a text becomes three integer arrays and no objects. */
export const tokenKinds = {
  /** An unquoted ASCII identifier or keyword. */
  word: 1,
  /** An unquoted identifier with characters beyond ASCII: never a keyword, never a name of the table. */
  foreignWord: 2,
  /** `"name"` */
  quotedName: 3,
  /** `U&"name"` */
  unicodeName: 4,
  /** `'…'`: the only string form whose text is its value (with `''` for one quote). */
  plainString: 5,
  /** `E'…'`, `U&'…'`, `N'…'`, `$tag$…$tag$` */
  string: 6,
  number: 7,
  parameter: 8,
  operator: 9,
  comma: 10,
  dot: 11,
  open: 12,
  close: 13,
  semicolon: 14,
  /** `=>` or `:=`: the name before it is an argument's name. */
  assign: 15,
} as const

/** The tokens of one text: parallel arrays, of which the first `count` entries are filled. UTF-16 offsets. */
export interface Tokens {
  readonly text: string
  readonly kinds: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly count: number
  /** Set when the text ends inside a string, comment or quoted name; `start` is where that began. */
  readonly problem?: { readonly reason: string; readonly start: number } | undefined
}

const K = tokenKinds

// One class per ASCII character.
const SPACE = 1
const LETTER = 2
const DIGIT = 3
const OPERATOR = 4
const classes = new Uint8Array(128)
for (const c of ' \t\n\r\f\v') classes[c.charCodeAt(0)] = SPACE
for (const c of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_') classes[c.charCodeAt(0)] = LETTER
for (const c of '0123456789') classes[c.charCodeAt(0)] = DIGIT
for (const c of '~!@#^&|`?+-*/%<>=') classes[c.charCodeAt(0)] = OPERATOR

function isNameStart(c: number): boolean {
  return c >= 128 || classes[c] === LETTER
}

/** NaN (past the end) is no name character. */
function isNamePart(c: number): boolean {
  if (c >= 128) return true
  const kind = classes[c]
  return kind === LETTER || kind === DIGIT || c === 36 /* $ */
}

const scratchSize = 4096
let scratchInUse = false
const scratch = {
  kinds: new Uint8Array(scratchSize),
  starts: new Int32Array(scratchSize),
  ends: new Int32Array(scratchSize),
}

/**
 * Runs `use` over the tokens of a text. The arrays are valid only during the call: short texts share one set of them.
 */
export function withTokens<T>(text: string, use: (tokens: Tokens) => T): T {
  if (scratchInUse || text.length > scratchSize) return use(tokenize(text))
  scratchInUse = true
  try {
    return use(scan(text, scratch.kinds, scratch.starts, scratch.ends))
  } finally {
    scratchInUse = false
  }
}

/** The tokens of a text, in arrays of their own. */
export function tokenize(text: string): Tokens {
  // Most texts have less than one token per three characters; `scan` makes room for the others.
  const size = 16 + Math.ceil(text.length / 3)
  return scan(text, new Uint8Array(size), new Int32Array(size), new Int32Array(size))
}

function enlarged<A extends Uint8Array | Int32Array>(array: A, make: (size: number) => A): A {
  const larger = make(array.length * 2)
  larger.set(array)
  return larger
}

function scan(text: string, kinds: Uint8Array, starts: Int32Array, ends: Int32Array): Tokens {
  const length = text.length
  let count = 0
  let i = 0
  let problem: Tokens['problem']

  const push = (kind: number, start: number, end: number): void => {
    if (count === kinds.length) {
      kinds = enlarged(kinds, (size) => new Uint8Array(size))
      starts = enlarged(starts, (size) => new Int32Array(size))
      ends = enlarged(ends, (size) => new Int32Array(size))
    }
    kinds[count] = kind
    starts[count] = start
    ends[count] = end
    count += 1
  }

  while (i < length) {
    const c = text.charCodeAt(i)
    const start = i
    const kind = c < 128 ? (classes[c] ?? 0) : LETTER

    if (kind === SPACE) {
      i += 1
      continue
    }

    if (kind === LETTER) {
      // String prefixes count only when the quote follows at once.
      const next = text.charCodeAt(i + 1)
      if (next === 39 /* ' */) {
        const lower = c | 32
        if (lower === 101 /* e */) {
          const end = escapeStringEnd(text, i + 1)
          if (end < 0) {
            problem = { reason: 'unterminated string', start }
            break
          }
          push(K.string, start, end)
          i = end
          continue
        }
        if (lower === 98 /* b */ || lower === 120 /* x */ || lower === 110 /* n */) {
          const end = quotedEnd(text, i + 1, 39)
          if (end < 0) {
            problem = { reason: 'unterminated string', start }
            break
          }
          push(K.string, start, end)
          i = end
          continue
        }
      }
      if (next === 38 /* & */ && (c | 32) === 117 /* u */) {
        const quote = text.charCodeAt(i + 2)
        if (quote === 34 || quote === 39) {
          const end = quotedEnd(text, i + 2, quote)
          if (end < 0) {
            problem = { reason: quote === 34 ? 'unterminated quoted name' : 'unterminated string', start }
            break
          }
          push(quote === 34 ? K.unicodeName : K.string, start, end)
          i = end
          continue
        }
      }
      let beyondAscii = c
      i += 1
      for (; i < length; i += 1) {
        const part = text.charCodeAt(i)
        if (!isNamePart(part)) break
        beyondAscii |= part
      }
      push(beyondAscii >= 128 ? K.foreignWord : K.word, start, i)
      continue
    }

    if (kind === DIGIT || (c === 46 /* . */ && classes[text.charCodeAt(i + 1)] === DIGIT)) {
      i = numberEnd(text, i)
      push(K.number, start, i)
      continue
    }

    if (kind === OPERATOR) {
      if (c === 45 /* - */ && text.charCodeAt(i + 1) === 45) {
        i = lineEnd(text, i + 2)
        continue
      }
      if (c === 47 /* / */ && text.charCodeAt(i + 1) === 42 /* * */) {
        i = commentEnd(text, i + 2)
        if (i < 0) {
          problem = { reason: 'unterminated comment', start }
          break
        }
        continue
      }
      i += 1
      // An operator ends where a comment starts.
      for (; i < length; i += 1) {
        const part = text.charCodeAt(i)
        if (part >= 128 || classes[part] !== OPERATOR) break
        const following = text.charCodeAt(i + 1)
        if ((part === 45 && following === 45) || (part === 47 && following === 42)) break
      }
      // `+` and `-` do not end an operator of several characters unless it holds one of ~!@#^&|`?%: `=>-1` is `=>`, `-`.
      let end = i
      if (end - start > 1 && !/[~!@#^&|`?%]/.test(text.slice(start, end))) {
        while (end - start > 1 && (text.charCodeAt(end - 1) === 43 || text.charCodeAt(end - 1) === 45)) end -= 1
      }
      push(end - start === 2 && c === 61 && text.charCodeAt(start + 1) === 62 ? K.assign : K.operator, start, end)
      // What was cut off is a row of one-character operators; one token is enough (and keeps this linear).
      if (end < i) push(K.operator, end, i)
      continue
    }

    switch (c) {
      case 39 /* ' */: {
        const end = quotedEnd(text, i, 39)
        if (end < 0) problem = { reason: 'unterminated string', start }
        else push(K.plainString, start, (i = end))
        break
      }
      case 34 /* " */: {
        const end = quotedEnd(text, i, 34)
        if (end < 0) problem = { reason: 'unterminated quoted name', start }
        else push(K.quotedName, start, (i = end))
        break
      }
      case 36 /* $ */: {
        const end = dollar(text, i)
        if (end < 0) problem = { reason: 'unterminated dollar-quoted string', start }
        else {
          push(
            end === i + 1 ? K.operator : classes[text.charCodeAt(i + 1)] === DIGIT ? K.parameter : K.string,
            start,
            end,
          )
          i = end
        }
        break
      }
      case 58 /* : */: {
        const next = text.charCodeAt(i + 1)
        i += next === 58 || next === 61 ? 2 : 1
        push(next === 61 ? K.assign : K.operator, start, i)
        break
      }
      case 44:
        push(K.comma, start, (i += 1))
        break
      case 46:
        push(K.dot, start, (i += 1))
        break
      case 40:
        push(K.open, start, (i += 1))
        break
      case 41:
        push(K.close, start, (i += 1))
        break
      case 59:
        push(K.semicolon, start, (i += 1))
        break
      case 0:
        problem = { reason: 'NUL character', start }
        break
      default:
        push(K.operator, start, (i += 1))
    }
    if (problem) break
  }

  return { text, kinds, starts, ends, count, problem }
}

/** The offset after the closing quote, a doubled quote being part of the text; -1 if there is none. */
function quotedEnd(text: string, open: number, quote: number): number {
  const mark = quote === 34 ? '"' : "'"
  let i = open + 1
  for (;;) {
    const found = text.indexOf(mark, i)
    if (found < 0) return -1
    if (text.charCodeAt(found + 1) !== quote) return found + 1
    i = found + 2
  }
}

/**
 * The offset after an `E'…'` string that opens at `open`. It goes on after blanks with a line break (SQL's string
 * continuation), still with backslash escapes, where a plain string would have none.
 */
function escapeStringEnd(text: string, open: number): number {
  let i = open + 1
  for (;;) {
    const c = text.charCodeAt(i)
    if (Number.isNaN(c)) return -1
    if (c === 92 /* \ */) {
      i += 2
      continue
    }
    i += 1
    if (c !== 39) continue
    if (text.charCodeAt(i) === 39) {
      i += 1
      continue
    }
    const next = continuation(text, i)
    if (next < 0) return i
    i = next
  }
}

/** The offset after the quote that continues a string ended at `from`, or -1. Comments count as blanks. */
function continuation(text: string, from: number): number {
  let lineBreak = false
  let i = from
  for (;;) {
    const c = text.charCodeAt(i)
    if (c === 10 || c === 13) {
      lineBreak = true
      i += 1
    } else if (c < 128 && classes[c] === SPACE) {
      i += 1
    } else if (lineBreak && c === 45 && text.charCodeAt(i + 1) === 45) {
      i = lineEnd(text, i + 2)
    } else {
      return lineBreak && c === 39 ? i + 1 : -1
    }
  }
}

function lineEnd(text: string, from: number): number {
  let i = from
  for (; i < text.length; i += 1) {
    const c = text.charCodeAt(i)
    if (c === 10 || c === 13) break
  }
  return i
}

/** The offset after a block comment whose inside starts at `from`; comments nest. -1 if it never ends. */
function commentEnd(text: string, from: number): number {
  let depth = 1
  for (let i = from; i < text.length; i += 1) {
    const c = text.charCodeAt(i)
    if (c === 42 /* * */ && text.charCodeAt(i + 1) === 47) {
      depth -= 1
      if (depth === 0) return i + 2
      i += 1
    } else if (c === 47 && text.charCodeAt(i + 1) === 42) {
      depth += 1
      i += 1
    }
  }
  return -1
}

/** A number, roughly: whatever starts with a digit, including what follows without a blank in one number. */
function numberEnd(text: string, from: number): number {
  let i = from
  let dot = false
  let exponent = false
  const second = text.charCodeAt(from + 1) | 32
  const based = text.charCodeAt(from) === 48 && (second === 120 || second === 111 || second === 98)
  if (based) {
    i = from + 2
    for (; /[0-9A-Fa-f_]/.test(text.charAt(i)); i += 1);
    return i
  }
  for (; i < text.length; i += 1) {
    const c = text.charCodeAt(i)
    if (c < 128 && classes[c] === DIGIT) continue
    if (c === 95 /* _ */ && classes[text.charCodeAt(i + 1)] === DIGIT) continue
    // `1..2` is a range in PL/pgSQL, and `1.` a number.
    if (c === 46 && !dot && !exponent && text.charCodeAt(i + 1) !== 46) {
      dot = true
      continue
    }
    if ((c | 32) === 101 /* e */ && !exponent) {
      const sign = text.charCodeAt(i + 1)
      const digit = sign === 43 || sign === 45 ? text.charCodeAt(i + 2) : sign
      if (classes[digit] === DIGIT) {
        exponent = true
        i += sign === digit ? 0 : 1
        continue
      }
    }
    break
  }
  return i
}

/** The offset after `$1` or `$tag$…$tag$`; the `$` alone if it is neither; -1 if the closing tag is missing. */
function dollar(text: string, from: number): number {
  let i = from + 1
  let c = text.charCodeAt(i)
  if (classes[c] === DIGIT) {
    while (classes[text.charCodeAt(i)] === DIGIT) i += 1
    return i
  }
  if (c !== 36 && !isNameStart(c)) return from + 1
  for (; c !== 36; c = text.charCodeAt((i += 1))) {
    if (!isNamePart(c)) return from + 1
  }
  const tag = text.slice(from, i + 1)
  const end = text.indexOf(tag, i + 1)
  return end < 0 ? -1 : end + tag.length
}

/** Whether token `at` is this keyword. `keyword` is lower-case; only unquoted ASCII words are keywords. */
export function isKeyword(tokens: Tokens, at: number, keyword: string): boolean {
  if (at >= tokens.count || tokens.kinds[at] !== K.word) return false
  const start = tokens.starts[at] ?? 0
  if ((tokens.ends[at] ?? 0) - start !== keyword.length) return false
  for (let i = 0; i < keyword.length; i += 1) {
    const c = tokens.text.charCodeAt(start + i)
    const wanted = keyword.charCodeAt(i)
    if (c !== wanted && (c < 65 || c > 90 || c + 32 !== wanted)) return false
  }
  return true
}

/** Whether a token can stand for a name. */
export function isName(tokens: Tokens, at: number): boolean {
  if (at >= tokens.count) return false
  const kind = tokens.kinds[at]
  return kind === K.word || kind === K.foreignWord || kind === K.quotedName || kind === K.unicodeName
}

/** The source text of a token. */
export function tokenText(tokens: Tokens, at: number): string {
  return tokens.text.slice(tokens.starts[at], tokens.ends[at])
}

/** The name that a token stands for, folded as PostgreSQL folds it (ASCII letters only, and only outside quotes). */
export function nameOf(tokens: Tokens, at: number): string {
  const source = tokenText(tokens, at)
  switch (tokens.kinds[at]) {
    case K.word:
      return source.toLowerCase()
    case K.foreignWord:
      return source.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    case K.quotedName:
      return source.slice(1, -1).replaceAll('""', '"')
    case K.unicodeName:
      return unescapeUnicode(source.slice(3, -1).replaceAll('""', '"'), escapeCharacter(tokens, at + 1))
    default:
      return source
  }
}

/** `U&"…" UESCAPE '!'` names its escape character after the name. */
function escapeCharacter(tokens: Tokens, at: number): string {
  if (!isKeyword(tokens, at, 'uescape') || tokens.kinds[at + 1] !== K.plainString) return '\\'
  return tokenText(tokens, at + 1).slice(1, -1)
}

/** How many tokens the name at `at` has: three when `UESCAPE '!'` belongs to it. */
export function nameLength(tokens: Tokens, at: number): number {
  return tokens.kinds[at] === K.unicodeName && isKeyword(tokens, at + 1, 'uescape') ? 3 : 1
}

function unescapeUnicode(text: string, escape: string): string {
  if (escape.length !== 1 || !text.includes(escape)) return text
  let out = ''
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] !== escape) {
      out += text.charAt(i)
      continue
    }
    if (text[i + 1] === escape) {
      out += escape
      i += 1
      continue
    }
    const long = text[i + 1] === '+'
    const digits = text.slice(i + (long ? 2 : 1), i + (long ? 8 : 5))
    const point = /^[0-9A-Fa-f]+$/.test(digits) ? Number.parseInt(digits, 16) : -1
    // Invalid escapes are errors in PostgreSQL; the text is then never run.
    if (point < 0 || point > 0x10ffff) return text
    out += String.fromCodePoint(point)
    i += digits.length + (long ? 1 : 0)
  }
  return out
}

/** The value of a plain `'…'` string; nothing for any other token. */
export function plainStringValue(tokens: Tokens, at: number): string | undefined {
  if (tokens.kinds[at] !== K.plainString) return undefined
  return tokenText(tokens, at).slice(1, -1).replaceAll("''", "'")
}
