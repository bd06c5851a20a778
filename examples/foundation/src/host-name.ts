import { domainToASCII } from 'node:url'
import { ServiceError } from './service-error.ts'

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * The one spelling of a site's host: lower case, punycode, no `www.`, no port, no trailing dot.
 *
 * `https://www.Example.com:443/x`, `example.com` and `EXAMPLE.com.` are the same host.
 *
 * @throws ServiceError HOST_INVALID
 */
export function canonicalHost(input: string): string {
  const given = input.trim()
  const authority = given.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').split(/[/?#\\]/, 1)[0] ?? ''
  const host = domainToASCII(authority.replace(/^.*@/, '').replace(/:\d*$/, '').replace(/\.$/, '')).toLowerCase()
  const bare = host.startsWith('www.') && host.split('.').length > 2 ? host.slice(4) : host
  const labels = bare.split('.')
  const isName = labels.length > 1 && bare.length <= 253 && labels.every((one) => label.test(one))
  if (!isName) {
    throw new ServiceError('HOST_INVALID', `"${given.slice(0, 100)}" is not the host name of a site.`, {
      hint: 'Give a name such as example.com, or a URL on it.',
    })
  }
  return bare
}
