import type { MiddlewareHandler } from 'hono'

/** Nothing but what this server itself serves, and no script or style inside a page. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  const { headers } = c.res
  headers.set('content-security-policy', contentSecurityPolicy)
  headers.set('x-content-type-options', 'nosniff')
  // Not `no-referrer`: browsers would say `Origin: null` with our own forms.
  headers.set('referrer-policy', 'same-origin')
  headers.set('cross-origin-opener-policy', 'same-origin')
  headers.set('cross-origin-resource-policy', 'same-origin')
  // Pages are somebody's data: no cache on the way keeps them. What a page is made of says otherwise by itself.
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
}
