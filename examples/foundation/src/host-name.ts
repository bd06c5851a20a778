import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { getDomain } from 'tldts'
import { ServiceError } from './service-error.ts'

/** Whose site it is: the key of everything that is stored about it. */
export interface CanonicalHost {
  /** Lower case, punycode, no `www.`, no port, no trailing dot. */
  readonly host: string
  /** What somebody registered: the host below the public suffix, such as `example.co.uk` of `shop.example.co.uk`. */
  readonly registrableDomain: string
}

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * The one spelling of a site's host, and the domain that it belongs to.
 *
 * `https://www.Example.com:443/x`, `example.com` and `EXAMPLE.com.` are the same host. Names below a suffix that is let to
 * many (`a.github.io`, `b.github.io`) are domains of their own. An address is not the host of a site.
 *
 * @throws ServiceError HOST_INVALID
 */
export function canonicalHost(input: string): CanonicalHost {
  const given = input.trim()
  const authority = given.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').split(/[/?#\\]/, 1)[0] ?? ''
  const ascii = domainToASCII(authority.replace(/^.*@/, '').replace(/:\d*$/, '')).toLowerCase()
  const name = ascii.replace(/\.$/, '')
  const registrableDomain = isHostName(name) ? domainOf(name) : undefined
  if (registrableDomain === undefined) {
    throw new ServiceError('HOST_INVALID', `"${given.slice(0, 100)}" is not the host name of a site.`, {
      hint: 'Give a name such as example.com, or a URL on it.',
    })
  }
  let host = name
  // The `www` of `www.com` is what somebody registered.
  while (host.startsWith('www.') && host !== registrableDomain) host = host.slice(4)
  return { host, registrableDomain }
}

function isHostName(name: string): boolean {
  const labels = name.split('.')
  return labels.length > 1 && name.length <= 253 && isIP(name) === 0 && labels.every((one) => label.test(one))
}

function domainOf(name: string): string | undefined {
  const options = { extractHostname: false, validateHostname: false, detectIp: false }
  // A suffix such as `github.io` is a site, too; one such as `co.uk` is not.
  return getDomain(name, { ...options, allowPrivateDomains: true }) ?? getDomain(name, options) ?? undefined
}
