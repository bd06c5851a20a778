/**
 * A parameter whose name speaks of a secret, and its value: quoted, or up to the next parameter, or to the end. Linear:
 * a name is tried once, at its start.
 */
const secretParameter =
  /(?<![^=&?#;\s])(?=[^=&?#;\s]*?(?:pass|pwd|secret|token|credential|api_?key|sslkey))([^=&?#;\s]+)(\s*=\s*)(?:'[^'\\]*(?:\\[^][^'\\]*)*'(?=[&;\s]|$)|[^]*?(?=[&;\s][\w.-]+\s*=|$))/gi

/**
 * Takes passwords and other secrets out of a connection URL, a `key=value` connection string, or a sentence that quotes
 * one, for messages and logs.
 *
 * The shape stays readable: `postgres://app:***@db.example/app`. Where it cannot be told what belongs to a password
 * (raw `@`, `/`, `?`, `#`, `&` in it), more is hidden rather than less. Anything but a string gives an empty text.
 */
export function redactUrl(url: unknown): string {
  if (typeof url !== 'string') return ''
  return redactParameters(redactUserInfo(url))
}

function redactParameters(text: string): string {
  return text.replace(secretParameter, '$1$2***')
}

/**
 * Hides everything between the colon after the user's name and the last `@` of the whole text: an `@`, a slash or a
 * blank in a raw password ends the user information for parsers, not for whoever reads the log.
 */
function redactUserInfo(text: string): string {
  const start = startOfAuthority(text)
  if (start < 0) return text
  const before = text.slice(0, start)
  const rest = text.slice(start)
  const at = rest.lastIndexOf('@')
  if (!hasReadableAuthority(rest.slice(at + 1))) return `${before}***`
  if (at < 0) return text
  const userInfo = rest.slice(0, at)
  // `?password=se@cret`: what follows the `@` belongs to the secret, too.
  if (redactParameters(userInfo) !== userInfo) return `${before}***`
  const colon = userInfo.search(/:|%3a/i)
  return colon < 0 ? text : `${before}${userInfo.slice(0, colon)}:***${rest.slice(at)}`
}

/** The offset after `scheme://`, wherever that stands, or after `scheme:` at the start; -1 if there is neither. */
function startOfAuthority(text: string): number {
  const slashes = text.indexOf('://')
  if (slashes >= 0) return slashes + 3
  return /^\s*[a-z][a-z0-9+.-]*:/i.exec(text)?.[0].length ?? -1
}

/** What stands before the path has to be hosts and ports, or it may be a part of a password. */
function hasReadableAuthority(rest: string): boolean {
  const authority = /^[^/?#\s'"]*/.exec(rest)?.[0] ?? ''
  return authority.split(',').every((host) => /^(?:\[[0-9a-f:.%]*\]|[^:@[\]]*)(?::\d{0,5})?$/i.test(host))
}
