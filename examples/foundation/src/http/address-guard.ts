import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

export interface AddressGuardOptions {
  /** Lets 127.0.0.0/8 and ::1 through; nothing else changes. */
  readonly allowLoopback: boolean
}

/** Public by their range, but answered by the machine's host with its secrets. */
const metadata: ReadonlySet<string> = new Set(['168.63.129.16'])
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Why an address must not be asked, in a word such as `loopback`; `undefined` for one of the public Internet.
 *
 * IPv4-mapped addresses count as what they map. Of IPv6 only global unicast is let through, so that NAT64, 6to4, Teredo
 * and IPv4-compatible forms, which lead to an IPv4 address of the writer's choice, are not.
 */
export function refusedAddress(address: string, { allowLoopback }: AddressGuardOptions): string | undefined {
  const version = isIP(address)
  // A zone is one of this machine's interfaces.
  if (version === 0 || address.includes('%')) return 'not an address'
  // `ipaddr.js` takes `::1.2.3.4` for `::ffff:1.2.3.4`; in groups of hexadecimal digits it does not.
  const parsed = ipaddr.process(version === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address)
  const range: string = parsed.range()
  if (range === 'loopback') return allowLoopback ? undefined : range
  if (metadata.has(parsed.toString())) return 'metadata'
  if (range !== 'unicast') return range
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(globalUnicast)) return 'not global'
  return undefined
}

/** Why a host name must not even be looked up. */
export function refusedName(host: string, { allowLoopback }: AddressGuardOptions): string | undefined {
  const name = host.replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return allowLoopback ? undefined : 'loopback'
  return name === 'metadata.google.internal' ? 'metadata' : undefined
}
