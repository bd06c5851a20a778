const replacement = '\uFFFD'

/** A text that PostgreSQL can store, of bounded length: without NUL characters and halves of surrogate pairs. */
export function storableText(text: string, maxLength: number): string {
  return text.toWellFormed().replaceAll('\0', replacement).slice(0, maxLength).toWellFormed()
}

/** Why a value cannot be stored as `jsonb`; undefined when it can. */
export function whyNotStorable(value: unknown, maxBytes: number): string | undefined {
  let text: unknown
  try {
    text = JSON.stringify(value)
  } catch (error) {
    return error instanceof Error ? error.message.split('\n', 1).join('') : 'it cannot be serialised'
  }
  if (typeof text !== 'string') return undefined
  if (Buffer.byteLength(text) > maxBytes) return `it has more than ${maxBytes} bytes`
  const escapes = text.includes('\\u') ? text.replaceAll('\\\\', '') : ''
  if (escapes.includes('\\u0000')) return 'it contains a NUL character'
  // JSON.stringify writes a surrogate as an escape only when its other half is missing.
  if (/\\ud[89a-f]/i.test(escapes)) return 'it contains half of a surrogate pair'
  return undefined
}
