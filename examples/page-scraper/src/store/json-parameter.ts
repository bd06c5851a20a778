/** A value as JSON that PostgreSQL stores: no NUL character, no half of a surrogate pair, wherever a site put one. */
export function jsonParameter(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'string' ? one.replaceAll('\0', '\ufffd').toWellFormed() : one,
  )
}
