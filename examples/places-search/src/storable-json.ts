import { storableText, whyNotStorable } from '@pooler-safe/example-foundation'

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
