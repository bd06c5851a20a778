/** How somebody can be reached, and where that was read. */
export interface Contact {
  readonly kind: 'email' | 'phone' | 'fax' | 'social'
  /** In its one spelling: lower case, E.164, the profile's URL. */
  readonly value: string
  /** How it was written. */
  readonly method: 'link' | 'text' | 'json-ld' | 'cloudflare' | 'at-dot'
  /** Of a social profile. */
  readonly network?: string | undefined
  readonly sourceUrl: string
  /** What stands around it. */
  readonly snippet: string
  /** From 0 to 1. */
  readonly confidence: number
}

/** The text around a place, on one line. */
export function snippetAt(text: string, start: number, end: number): string {
  const from = Math.max(0, start - 60)
  const to = Math.min(text.length, end + 60)
  const part = text.slice(from, to).toWellFormed().replace(/\s+/g, ' ').trim()
  return `${from > 0 ? '…' : ''}${part}${to < text.length ? '…' : ''}`
}

/** One entry for each contact: the surest, and of equals the first. */
export function mergeContacts(contacts: readonly Contact[]): Contact[] {
  const best = new Map<string, Contact>()
  for (const contact of contacts) {
    const key = `${contact.kind} ${contact.value}`
    const known = best.get(key)
    if (!known || known.confidence < contact.confidence) best.set(key, contact)
  }
  return [...best.values()]
}
