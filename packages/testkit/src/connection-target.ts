import { TestkitError } from './testkit-error.ts'
import { tlsQuery, tlsSettingsOf, type TlsSettings } from './wire/tls-settings.ts'

/** Where a PostgreSQL or a pooler listens and who logs in. */
export interface ConnectionTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** What the URL said about encryption: `sslmode`, `sslrootcert`, `channel_binding` and so on, as libpq reads them. */
  readonly tls?: TlsSettings | undefined
}

/** Reads a `postgres://` URL. Throws `TestkitError` (`invalid-url`) without repeating a password in the message. */
export function parseTarget(url: string): ConnectionTarget {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new TestkitError('invalid-url', 'This is not a connection URL.', {
      hint: 'Give one like postgres://user:password@127.0.0.1:5432/database',
    })
  }
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:') {
    throw new TestkitError(
      'invalid-url',
      `A connection URL starts with postgres://, this one with ${parsed.protocol}//`,
    )
  }
  const user = decodeURIComponent(parsed.username) || 'postgres'
  return {
    host: decodeURIComponent(parsed.hostname.replace(/^\[(.*)\]$/, '$1')) || '127.0.0.1',
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    user,
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)) || user,
    tls: tlsSettingsOf(parsed.searchParams),
  }
}

/** Writes the URL of a target; every part is escaped. */
export function formatUrl(target: ConnectionTarget): string {
  const user = encodeURIComponent(target.user)
  const password = target.password === '' ? '' : `:${encodeURIComponent(target.password)}`
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const path = `${encodeURIComponent(target.database)}${tlsQuery(target.tls)}`
  return `postgres://${user}${password}@${host}:${target.port}/${path}`
}
