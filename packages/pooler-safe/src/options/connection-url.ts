import { PoolerSafeError } from '../errors/pooler-safe-error.ts'

/**
 * Reads a connection URL strictly: `pg` itself takes almost any text for a host name.
 *
 * @returns the parsed URL, or `undefined` for the path of a Unix socket
 * @throws PoolerSafeError POOLER_SAFE_BAD_URL; the message never holds the password
 */
export function checkUrl(url: unknown): URL | undefined {
  if (url === undefined || url === null || url === '') {
    throw badUrl('It is missing', 'Is the environment variable that should hold it set?')
  }
  if (typeof url !== 'string') throw badUrl(`It is a ${typeof url}`, 'Pass the URL as a string.')
  if (url.startsWith('/')) return undefined
  const parsed = parse(url) ?? parse(url.replace('@/', '@localhost/'))
  if (!parsed) {
    throw badUrl(
      'It is not a URL',
      'Write it as postgres://user:password@host:port/database, with special characters of the password percent-encoded.',
    )
  }
  if (parsed.protocol === 'socket:') return parsed
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:') {
    throw badUrl(`It starts with "${parsed.protocol}"`, 'It has to start with postgres:// or postgresql://.')
  }
  if (!url.slice(parsed.protocol.length).startsWith('//')) {
    throw badUrl('It has no // after the protocol', 'Write it as postgres://user:password@host:port/database.')
  }
  if (parsed.hash !== '') {
    throw badUrl('It holds a "#"', 'Percent-encode special characters of the password (# is %23, / is %2F, ? is %3F).')
  }
  return parsed
}

/** `pg` accepts credentials without a host; the caller tries again with one. */
function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}

function badUrl(problem: string, hint: string): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_BAD_URL', `The connection URL cannot be used. ${problem}.`, {
    outcome: 'not-executed',
    hint,
  })
}
