const bare = /&(?!(?:#\d{1,9}|#x[\da-f]{1,8}|[a-z][\w.-]{0,40});)/gi
const cdataOpens = '<![CDATA['
const cdataCloses = ']]>'
/** The beginning of what the next chunk may complete: a reference, or a mark of CDATA. */
const unfinished = /(?:&[#\w.-]{0,42}|<!?\[?C?D?A?T?A?|\]{1,2})$/i

/**
 * Escapes ampersands that begin no reference: the commonest mistake in sitemaps, made of URLs with a query. The XML parser
 * would read on to the next semicolon, through tags, and make one URL of two.
 */
export class AmpersandRepair {
  #carried = ''
  #isInCdata = false
  /** How many were escaped. */
  repaired = 0

  /** What can be handed on of the text so far. */
  write(text: string): string {
    const all = this.#carried === '' ? text : this.#carried + text
    const open = unfinished.exec(all.slice(-44))
    this.#carried = open?.[0] ?? ''
    return this.#repair(this.#carried === '' ? all : all.slice(0, -this.#carried.length))
  }

  /** What was held back. */
  end(): string {
    const rest = this.#carried
    this.#carried = ''
    return this.#repair(rest)
  }

  #repair(text: string): string {
    if (!this.#isInCdata && !text.includes(cdataOpens)) return this.#escape(text)
    let result = ''
    for (let at = 0; at < text.length;) {
      const mark = this.#isInCdata ? cdataCloses : cdataOpens
      const found = text.indexOf(mark, at)
      const end = found < 0 ? text.length : found + mark.length
      const part = text.slice(at, end)
      result += this.#isInCdata ? part : this.#escape(part)
      if (found >= 0) this.#isInCdata = !this.#isInCdata
      at = end
    }
    return result
  }

  #escape(text: string): string {
    if (!text.includes('&')) return text
    return text.replace(bare, () => {
      this.repaired += 1
      return '&amp;'
    })
  }
}
