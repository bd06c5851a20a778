import { describe, expect, it } from 'vitest'
import {
  isKeyword,
  isName,
  nameLength,
  nameOf,
  plainStringValue,
  tokenize,
  tokenKinds,
  tokenText,
  withTokens,
} from '../../src/sql/lexer.ts'

const names = Object.fromEntries(Object.entries(tokenKinds).map(([name, kind]) => [kind, name]))

/** The tokens of a text as `kind text`. */
function read(text: string): string[] {
  const tokens = tokenize(text)
  return Array.from({ length: tokens.count }, (_, i) => `${names[tokens.kinds[i] ?? 0]} ${tokenText(tokens, i)}`)
}

describe('tokens', () => {
  it.each<[string, ...string[]]>([
    [''],
    [' \t\r\n\f\v'],
    ['a_1$ B', 'word a_1$', 'word B'],
    ['naïve 😀 a', 'foreignWord naïve', 'foreignWord 😀', 'word a'],
    ['"a ""b"""', 'quotedName "a ""b"""'],
    [String.raw`U&"\0061" u&"b"`, String.raw`unicodeName U&"\0061"`, 'unicodeName u&"b"'],
    ['u & "a"', 'word u', 'operator &', 'quotedName "a"'],
    ["'it''s'", "plainString 'it''s'"],
    [String.raw`'a\'b`, String.raw`plainString 'a\'`, 'word b'],
    [String.raw`E'a\'b' c`, String.raw`string E'a\'b'`, 'word c'],
    [String.raw`e'a\\' c`, String.raw`string e'a\\'`, 'word c'],
    ["E'a''b' c", "string E'a''b'", 'word c'],
    ["E'a'\n 'b\\'c' d", "string E'a'\n 'b\\'c'", 'word d'],
    ["E'a' -- x\n 'b' d", "string E'a'", "plainString 'b'", 'word d'],
    ["E'a'\n -- x\n 'b\\'c' d", "string E'a'\n -- x\n 'b\\'c'", 'word d'],
    ["E'a' 'b'", "string E'a'", "plainString 'b'"],
    ["B'1' x'f' N'n' U&'u'", "string B'1'", "string x'f'", "string N'n'", "string U&'u'"],
    ["f'x'", 'word f', "plainString 'x'"],
    ['$$a$b$$ c', 'string $$a$b$$', 'word c'],
    ['$a$ $b$ $$ $a$', 'string $a$ $b$ $$ $a$'],
    ['$é$x$é$', 'string $é$x$é$'],
    ['$1 $23a', 'parameter $1', 'parameter $23', 'word a'],
    ['a$b$ c', 'word a$b$', 'word c'],
    ['$ 1', 'operator $', 'number 1'],
    [
      '1 1.5 .5 1e3 1e-3 1.e3 0x1F 0b11 1_000',
      ...'1 1.5 .5 1e3 1e-3 1.e3 0x1F 0b11 1_000'.split(' ').map((n) => `number ${n}`),
    ],
    ['1..2', 'number 1', 'dot .', 'number .2'],
    ['1e', 'number 1', 'word e'],
    ['12abc', 'number 12', 'word abc'],
    ['a.b', 'word a', 'dot .', 'word b'],
    ['a => 1', 'word a', 'assign =>', 'number 1'],
    ['a := 1', 'word a', 'assign :=', 'number 1'],
    ['a=>-1', 'word a', 'assign =>', 'operator -', 'number 1'],
    ['a >= 1', 'word a', 'operator >=', 'number 1'],
    ['a @- 1', 'word a', 'operator @-', 'number 1'],
    ['a =- 1', 'word a', 'operator =', 'operator -', 'number 1'],
    ['a::int', 'word a', 'operator ::', 'word int'],
    ['a[1:2]', 'word a', 'operator [', 'number 1', 'operator :', 'number 2', 'operator ]'],
    ['(,);', 'open (', 'comma ,', 'close )', 'semicolon ;'],
    ['a--b\nc', 'word a', 'word c'],
    ['a--b\rc', 'word a', 'word c'],
    ['a+--b\nc', 'word a', 'operator +', 'word c'],
    ['a/*b*/c', 'word a', 'word c'],
    ['a*/*b*/c', 'word a', 'operator *', 'word c'],
    ['a/* b /* c */ d */e', 'word a', 'word e'],
    ['/*/ a */b', 'word b'],
    ['/**/a', 'word a'],
    ["a -- '\nb", 'word a', 'word b'],
    ["'--' /* ' */ a", "plainString '--'", 'word a'],
    ['\u00a0a', 'foreignWord \u00a0a'],
  ])('%j', (text, ...expected) => {
    expect(read(text)).toEqual(expected)
    expect(tokenize(text).problem).toBeUndefined()
  })
})

describe('what cannot be read', () => {
  it.each([
    ["a 'b", 'unterminated string', 2],
    ["a 'b''", 'unterminated string', 2],
    [String.raw`a E'b\'`, 'unterminated string', 2],
    ["a x'b", 'unterminated string', 2],
    ["a U&'b", 'unterminated string', 2],
    ["E'a'\n'b", 'unterminated string', 0],
    ['a "b', 'unterminated quoted name', 2],
    ['a U&"b', 'unterminated quoted name', 2],
    ['a $$b', 'unterminated dollar-quoted string', 2],
    ['a $x$b$$', 'unterminated dollar-quoted string', 2],
    ['a /* b', 'unterminated comment', 2],
    ['a /* /* b */', 'unterminated comment', 2],
    ['a /*/', 'unterminated comment', 2],
    ['a \0 b', 'NUL character', 2],
  ])('%j', (text, reason, start) => {
    expect(tokenize(text).problem).toEqual({ reason, start })
  })
})

it('gives the value of names and strings as PostgreSQL folds and unescapes them', () => {
  const nameIn = (text: string): string => nameOf(tokenize(text), 0)
  expect(nameIn('ABC')).toBe('abc')
  expect(nameIn('ÀBC')).toBe('Àbc')
  expect(nameIn('"A""B"')).toBe('A"B')
  expect(nameIn(String.raw`U&"d\0061t\+000061"`)).toBe('data')
  expect(nameIn(String.raw`U&"a\\b"`)).toBe('a\\b')
  expect(nameIn(String.raw`U&"d!0061t" uescape '!'`)).toBe('dat')
  expect(nameIn(String.raw`U&"\D83D\DE00"`)).toBe('😀')
  expect(nameIn(String.raw`U&"\zzzz"`)).toBe(String.raw`\zzzz`)
  const strings = tokenize("'it''s' E'a' $$b$$")
  expect([0, 1, 2].map((i) => plainStringValue(strings, i))).toEqual(["it's", undefined, undefined])
})

it('tells keywords from names', () => {
  const tokens = tokenize(String.raw`SeT "set" U&"set" uescape '!' sét settle`)
  expect([0, 1, 2, 5, 6].map((i) => isKeyword(tokens, i, 'set'))).toEqual([true, false, false, false, false])
  expect(isKeyword(tokens, tokens.count, 'set')).toBe(false)
  expect([0, 1, 2, 4, 5].map((i) => isName(tokens, i))).toEqual([true, true, true, false, true])
  expect([nameLength(tokens, 0), nameLength(tokens, 2)]).toEqual([1, 3])
})

it('reads a text with more tokens than it was given room for', () => {
  const tokens = tokenize(','.repeat(10_000))
  expect(tokens.count).toBe(10_000)
  expect(tokens.starts[9_999]).toBe(9_999)
})

it('does not mix up texts that are read while another is', () => {
  const inner = withTokens('select a', (outer) =>
    withTokens('listen bb', (tokens) => [tokenText(tokens, 1), tokenText(outer, 1)]),
  )
  expect(inner).toEqual(['bb', 'a'])
  expect(() =>
    withTokens('a', () => {
      throw new Error('of the caller')
    }),
  ).toThrow('of the caller')
  expect(withTokens('b c', (tokens) => tokenText(tokens, 1))).toBe('c')
})
