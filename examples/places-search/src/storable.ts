const replacement = '\uFFFD'

/** A text that PostgreSQL can store, of bounded length. */
export function storableText(text: string, maxLength: number): string {
  return text.toWellFormed().replaceAll('\0', replacement).slice(0, maxLength).toWellFormed()
}

/** Why a value cannot be stored as `jsonb`; undefined when it can. */
export function whyNotStorable(value: unknown, maxBytes: number): string | undefined {
  let text: unknown
  try {
    text = JSON.stringify(value)
  } catch (error) {
    return `it cannot be serialised (${error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'unknown'})`
  }
  if (typeof text !== 'string') return undefined
  if (Buffer.byteLength(text) > maxBytes) return `it has more than ${maxBytes} bytes`
  // JSON.stringify writes NUL, and a surrogate without its other half, as escapes.
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i.test(text))
    return 'it contains a NUL character or half of a surrogate pair'
  return undefined
}

/** A value without what `jsonb` cannot store. */
export function storableJson(value: unknown): unknown {
  if (whyNotStorable(value, 200_000) === undefined) return value ?? null
  try {
    const text = JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'string' ? storableText(inner, 10_000) : inner,
    )
    return text.length > 200_000 ? null : (JSON.parse(text) as unknown)
  } catch {
    return null
  }
}
