import { readFileSync } from 'node:fs'
import { TestkitError } from '../testkit-error.ts'

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
const channelBindings = ['disable', 'prefer', 'require'] as const

/** libpq's `sslmode`: how much encryption towards a server is wanted, and how much proof of who it is. */
export type SslMode = (typeof sslModes)[number]

/** What a connection URL says about encryption; libpq's defaults where it says nothing. */
export interface TlsSettings {
  readonly mode: SslMode
  /** A file with the certificates that are trusted; undefined for those that Node.js knows. */
  readonly rootCertFile: string | undefined
  /** Files with the certificate and key that we show. */
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  /** Whether SCRAM is bound to the certificate of the server. */
  readonly channelBinding: (typeof channelBindings)[number]
}

/** Encryption if the server offers it, as libpq does when nothing else is said. */
export const defaultTls: TlsSettings = {
  mode: 'prefer',
  rootCertFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  channelBinding: 'prefer',
}

const parameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'channel_binding'] as const

function oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value)
  if (found !== undefined) return found
  throw new TestkitError('invalid-url', `${name} of the connection URL is "${value}".`, {
    hint: `Choose one of ${choices.join(', ')}.`,
  })
}

/** Reads libpq's parameters for encryption from a URL. Throws `invalid-url` for values that libpq does not know. */
export function tlsSettingsOf(query: URLSearchParams): TlsSettings {
  const rootCert = query.get('sslrootcert') ?? undefined
  const given = query.get('sslmode') ?? undefined
  // `no-verify` is what node-postgres calls libpq's `require`.
  const mode = oneOf('sslmode', given === 'no-verify' ? 'require' : (given ?? 'prefer'), sslModes)
  return {
    // libpq: a root certificate that is there is used, also where only encryption was asked for.
    mode: mode === 'require' && rootCert !== undefined ? 'verify-ca' : mode,
    rootCertFile: rootCert === 'system' ? undefined : rootCert,
    certFile: query.get('sslcert') ?? undefined,
    keyFile: query.get('sslkey') ?? undefined,
    channelBinding: oneOf('channel_binding', query.get('channel_binding') ?? 'prefer', channelBindings),
  }
}

/** The parameters of a URL that say the same; empty for the defaults. */
export function tlsQuery(tls: TlsSettings | undefined): string {
  if (!tls) return ''
  const values = [tls.mode, tls.rootCertFile, tls.certFile, tls.keyFile, tls.channelBinding]
  const pairs = parameters.flatMap((name, index) => {
    const value = values[index]
    return value === undefined || value === 'prefer' ? [] : [`${name}=${encodeURIComponent(value)}`]
  })
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** Reads a file that a URL names. Throws `invalid-url` when it cannot be read. */
export function readPem(name: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new TestkitError('invalid-url', `${name} of the connection URL cannot be read: ${file}`, { cause })
  }
}
