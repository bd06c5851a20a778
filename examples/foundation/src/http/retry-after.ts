const maxMs = 24 * 60 * 60 * 1_000

/** `Retry-After` in milliseconds, from seconds or a date (RFC 9110, 10.2.3); a day at most. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, maxMs)
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now, 0), maxMs)
}
