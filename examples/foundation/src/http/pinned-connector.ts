import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { refusedAddress, refusedName, type AddressGuardOptions } from './address-guard.ts'
import { FetchError } from './fetch-error.ts'

/** Looks up the addresses of a host. */
export type Resolve = (host: string) => Promise<readonly string[]>

export const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address)

export interface PinnedConnectorOptions extends AddressGuardOptions {
  readonly resolve: Resolve
  readonly timeoutMs: number
}

/**
 * Connects only to addresses that it checked: the lookup and the check are one step of making the connection, so a name
 * that answers differently the next time (DNS rebinding) gains nothing. One forbidden address among several refuses all.
 */
export function pinnedConnector({
  resolve,
  timeoutMs,
  allowLoopback,
}: PinnedConnectorOptions): ReturnType<typeof buildConnector> {
  const guard = { allowLoopback }
  const lookupChecked = async (host: string): Promise<readonly string[]> => {
    let addresses: readonly string[]
    try {
      addresses = await resolve(host)
    } catch (cause) {
      throw noAddress(host, cause)
    }
    for (const address of addresses) refuse(host, address, refusedAddress(address, guard))
    if (addresses.length === 0) throw noAddress(host, undefined)
    return addresses
  }
  const lookupForSocket: LookupFunction = (host, options, callback) => {
    lookupChecked(host).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = found
        if (options.all) callback(null, found)
        else callback(null, first?.address ?? '', first?.family)
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, ''),
    )
  }
  const connect = buildConnector({
    lookup: lookupForSocket,
    autoSelectFamily: true,
    timeout: timeoutMs,
    allowH2: false,
  })
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '')
    try {
      // A socket does not look up what is an address already.
      refuse(host, host, isIP(host) === 0 ? refusedName(host, guard) : refusedAddress(host, guard))
    } catch (error) {
      callback(error as Error, null)
      return
    }
    connect(options, (...[error, socket]) => {
      const refused = socket ? refusedAddress(socket.remoteAddress ?? '', guard) : undefined
      if (!socket) {
        callback(error, null)
      } else if (refused === undefined) {
        callback(null, socket)
      } else {
        socket.destroy()
        callback(notPublic(host, socket.remoteAddress ?? '', refused), null)
      }
    })
  }
}

function refuse(host: string, address: string, reason: string | undefined): void {
  if (reason !== undefined) throw notPublic(host, address, reason)
}

function notPublic(host: string, address: string, reason: string): FetchError {
  const named = host === address ? host : `${host} (${address})`
  return new FetchError('ssrf', `${named} is not on the public Internet: ${reason}.`, {
    url: host,
    hint: 'Give the address of a public site.',
  })
}

/** `EAI_AGAIN` and the like say that nobody knew just now. */
function noAddress(host: string, cause: unknown): FetchError {
  const { code } = (cause ?? {}) as { code?: unknown }
  const retryable = ['EAI_AGAIN', 'ESERVFAIL', 'SERVFAIL', 'ETIMEOUT', 'ECONNREFUSED'].includes(String(code))
  return new FetchError('dns', `${host} has no address.`, { url: host, retryable, cause })
}
