const maxLength = 2_000_000
/** A run of other than white space is copied as one piece. */
const pieces = /[^\s\u00a0\u00ad\u200b\u2060]+|[\s\u00a0]+|[\u00ad\u200b\u2060]+/g

/** Puts the text of a page together: spaces collapsed, blocks divided by one line break, bounded. */
export class TextCollector {
  readonly #parts: string[] = []
  #length = 0
  #pending: '' | ' ' | '\n' = ''

  get length(): number {
    return this.#length + this.#pending.length
  }

  add(source: string, start: number, end: number): void {
    if (this.#length > maxLength) return
    for (const [piece] of source.slice(start, end).matchAll(pieces)) {
      const first = piece.charCodeAt(0)
      // Soft hyphens and zero-width spaces are not seen, and would hide an address.
      if (first === 0xad || first === 0x200b || first === 0x2060) continue
      if (first === 0xa0 || /\s/.test(piece.charAt(0))) {
        if (this.#pending === '' && this.#length > 0) this.#pending = ' '
        continue
      }
      this.#parts.push(this.#pending, piece)
      this.#length += this.#pending.length + piece.length
      this.#pending = ''
    }
  }

  breakLine(): void {
    if (this.#length > 0) this.#pending = '\n'
  }

  toString(): string {
    return this.#parts.join('')
  }
}
