import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { RequestRefused } from './refused.ts'

/** What a form has to carry: only who knows the secret of the cookie can compute it, and no other site can read it. */
export function csrfToken(secret: string): string {
  return createHmac('sha256', secret).update('dashboard form').digest('base64url')
}

/**
 * Refuses a form that another site sent: by where the browser says it comes from, and by the proof it carries.
 *
 * @throws RequestRefused
 */
export function requireOwnForm(c: Context, proof: string, expected: string | undefined): void {
  if (!isSameOrigin(c) || expected === undefined || !isEqual(proof, expected)) {
    throw new RequestRefused(403, 'The form was not accepted.', 'Open the page again and send it from there.')
  }
}

function isSameOrigin(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return false
  const origin = c.req.header('origin')
  return origin === undefined || origin === new URL(c.req.url).origin
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
