import { authenticate, tenantName } from '@pooler-safe/example-foundation'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Session } from 'pooler-safe'
import { csrfToken } from './csrf.ts'
import type { Visitor } from '../context.ts'

/*
 * The session of the browser is the token itself, in a cookie that no script can read. Revoking the token ends the session
 * at once, a restart of the server does not, and there is no second secret that could be stolen or kept.
 */
const sessionCookie = 'dashboard_session'
const visitCookie = 'dashboard_visit'
const maxAgeSeconds = 12 * 3_600

function options(c: Context): {
  readonly httpOnly: true
  readonly sameSite: 'Strict'
  readonly path: '/'
  readonly secure: boolean
} {
  return { httpOnly: true, sameSite: 'Strict', path: '/', secure: new URL(c.req.url).protocol === 'https:' }
}

export function startSession(c: Context, token: string): void {
  setCookie(c, sessionCookie, token, { ...options(c), maxAge: maxAgeSeconds })
}

export function endSession(c: Context): void {
  deleteCookie(c, sessionCookie, options(c))
}

/** Who sends the request; undefined when nobody is signed in, or the token has ended. */
export async function visitorOf(c: Context, session: Session): Promise<Visitor | undefined> {
  const token = getCookie(c, sessionCookie)
  if (token === undefined) return undefined
  try {
    const authentication = await authenticate(session, token)
    const name = (await tenantName(session, authentication.tenant)) ?? authentication.tenant
    return { ...authentication, tenantName: name, csrf: csrfToken(token) }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'TOKEN_INVALID') return undefined
    throw error
  }
}

/** The proof for the form of the sign-in page, where there is no session yet: bound to a cookie of this browser. */
export function visitProof(c: Context, make: () => string): string {
  const known = getCookie(c, visitCookie)
  if (known !== undefined) return csrfToken(known)
  const visit = make()
  setCookie(c, visitCookie, visit, { ...options(c), maxAge: 3_600 })
  return csrfToken(visit)
}

export function knownVisitProof(c: Context): string | undefined {
  const known = getCookie(c, visitCookie)
  return known === undefined ? undefined : csrfToken(known)
}
