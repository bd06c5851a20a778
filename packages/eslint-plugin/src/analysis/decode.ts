/**
 * The value of a piece of a string literal or template, and where each of its characters stands in the source.
 * `offsets` is absent when the value is the source, character by character.
 */
export interface Decoded {
  readonly text: string
  readonly start: number
  readonly offsets?: Uint32Array
}

const simpleEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' }

/** Decodes the source between the delimiters of a string literal or template element. */
export function decode(source: string, start: number, end: number, raw = false): Decoded {
  const written = source.slice(start, end)
  if ((raw || !written.includes('\\')) && !written.includes('\r')) return { text: written, start }
  let text = ''
  const offsets: number[] = []
  const add = (value: string, at: number): void => {
    text += value
    offsets.push(...Array.from({ length: value.length }, () => start + at))
  }
  let i = 0
  while (i < written.length) {
    const character = written.charAt(i)
    if (character === '\r') {
      // Line ends of templates are line feeds, whatever the file has.
      add('\n', i)
      i += written.charAt(i + 1) === '\n' ? 2 : 1
    } else if (character === '\\' && !raw) {
      const [value, length] = readEscape(written, i + 1)
      add(value, i)
      i += 1 + length
    } else {
      add(character, i)
      i += 1
    }
  }
  return { text, start, offsets: Uint32Array.from([...offsets, end]) }
}

/** The value of an escape sequence and its length, without the backslash. */
function readEscape(written: string, at: number): readonly [value: string, length: number] {
  const character = written.charAt(at)
  if (character === '\r') return ['', written.charAt(at + 1) === '\n' ? 2 : 1]
  if (/[\n\u2028\u2029]/.test(character)) return ['', 1]
  const hex = /^(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\})/i.exec(written.slice(at, at + 10))
  if (hex) {
    const point = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '0', 16)
    return [point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd', hex[0].length]
  }
  const octal = /^[0-7]{1,3}/.exec(written.slice(at, at + 3))
  if (octal) return [String.fromCharCode(Number.parseInt(octal[0], 8)), octal[0].length]
  return [simpleEscapes[character] ?? character, 1]
}
