/** `scheme://user:secret@host`; the user stays readable. */
const urlPassword = /([a-z][a-z0-9+.-]*:\/\/[^\s:/?#@]*):[^\s/?#@]+@/gi
const namedSecret =
  /\b(pass(?:word|wd)?|pwd|secret|token|api[-_]?key|access[-_]?key|authorization)(["']?\s*[=:]\s*["']?)(bearer\s+|basic\s+)?[^\s"'&,;}]+/gi
/** Tokens of our own interface, and keys of Google's. */
const knownSecret = /\b(pst_|AIza)[\w-]{20,}/g
const bearer = /\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi

/**
 * Takes passwords, tokens and keys out of a text that goes to a log, a table or a screen.
 *
 * It knows URLs with a password, `name=value` pairs with a telling name, and `Authorization` values. It is a net below
 * code that does not put secrets into texts, not a licence to do so.
 */
export function redact(text: string): string {
  return text
    .replace(urlPassword, '$1:***@')
    .replace(namedSecret, (_whole, name: string, sign: string, kind = '') => `${name}${sign}${kind as string}***`)
    .replace(knownSecret, '$1***')
    .replace(bearer, '$1 ***')
}

/** Names of properties whose values never reach a log, at any depth down to three. */
export const secretProperties: readonly string[] = [
  'password',
  'passwd',
  'secret',
  'token',
  'authorization',
  'Authorization',
  'cookie',
  'x-goog-api-key',
  'X-Goog-Api-Key',
  'apiKey',
  'connectionString',
  'databaseUrl',
  'directUrl',
]
