const secretParameter =
  /(^|[?&;\s])([^=&?#;\s]*(?:pass|pwd|secret|token|credential|apikey|api_key|sslkey)[^=&?#;\s]*)(\s*=\s*)('(?:[^'\\]|\\.)*'|[^&#;\s]*)/gi

/**
 * Takes passwords and other secrets out of a connection URL or a `key=value` connection string, for messages and logs.
 *
 * The shape stays readable: `postgres://app:***@db.example/app`. A URL whose password was not percent-encoded cannot be
 * cut with certainty; then more is masked rather than less. Anything but a string gives an empty text.
 */
export function redactUrl(url: unknown): string {
  if (typeof url !== 'string') return ''
  return redactUserInfo(url).replace(secretParameter, '$1$2$3***')
}

function redactUserInfo(url: string): string {
  const scheme = /^\s*[a-z][a-z0-9+.-]*:(?:\/\/)?/i.exec(url)?.[0]
  if (scheme === undefined) return url
  const rest = url.slice(scheme.length)
  const at = endOfUserInfo(rest)
  if (at < 0) return hasReadableAuthority(rest) ? url : `${scheme}***`
  const colon = rest.indexOf(':')
  if (colon < 0 || colon > at) return url
  return `${scheme}${rest.slice(0, colon)}:***${rest.slice(at)}`
}

/**
 * Where the user information ends: at the last `@`, wherever it stands, because a raw `/`, `?` or `#` in a password
 * makes the rest of it look like a path. An `@` in the value of a parameter is taken for one only when there is none before.
 */
function endOfUserInfo(rest: string): number {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? ''
  const inAuthority = authority.lastIndexOf('@')
  const query = rest.indexOf('?')
  const beforeQuery = (query < 0 ? rest : rest.slice(0, query)).lastIndexOf('@')
  if (inAuthority >= 0 && beforeQuery <= inAuthority && isHost(authority.slice(inAuthority + 1))) return inAuthority
  return rest.lastIndexOf('@')
}

/** Without user information, what stands before the path has to be a host, or it may be a password cut short. */
function hasReadableAuthority(rest: string): boolean {
  return (/^[^/?#]*/.exec(rest)?.[0] ?? '').split(',').every((host) => isHost(host))
}

function isHost(text: string): boolean {
  return /^(?:\[[0-9a-f:.%]*\]|[^:@[\]\s]*)(?::\d{0,5})?(?:,[^@\s]*)?$/i.test(text)
}
