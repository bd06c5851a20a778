import { randomBytes } from 'node:crypto'
import { authenticate } from '@pooler-safe/example-foundation'
import type { Hono } from 'hono'
import type { Session } from 'pooler-safe'
import { FormFields, type DashboardEnv, type PageRequestContext, type PageTools } from '../context.ts'
import { requireOwnForm } from '../http/csrf.ts'
import { endSession, knownVisitProof, startSession, visitorOf, visitProof } from '../http/session.ts'
import { csrfField, field, problem } from '../view/form.ts'
import { html } from '../view/html.ts'

interface SignInTools {
  readonly database: Session
  readonly render: PageTools['render']
}

/** Signing in with a token, and out. */
export function signInRoutes(app: Hono<DashboardEnv>, { database, render }: SignInTools): void {
  const show = (c: PageRequestContext, to: string, message?: string): Response => {
    const proof = visitProof(c, () => randomBytes(24).toString('base64url'))
    const body = html`<form class="sign-in" method="post" action="/sign-in">
      <p class="quiet">
        With an API token of your tenant. It is kept in a cookie that no script can read, for twelve hours.
      </p>
      ${problem(message)} ${csrfField(proof)}
      <input type="hidden" name="to" value="${to}" />
      ${field({ label: 'Token', name: 'token', type: 'password', required: true, placeholder: 'pst_…', size: 'long', autocomplete: 'off' })}
      <div class="form-actions"><button class="primary" type="submit">Sign in</button></div>
    </form>`
    return render(c, { title: 'Sign in', body }, message === undefined ? 200 : 422)
  }
  app.get('/sign-in', async (c) => {
    if (await visitorOf(c, database)) return c.redirect(ownPath(c.req.query('to')), 303)
    return show(c, ownPath(c.req.query('to')))
  })
  app.post('/sign-in', async (c) => {
    const fields = new FormFields(await c.req.parseBody())
    requireOwnForm(c, fields.text('csrf'), knownVisitProof(c))
    const [token, to] = [fields.text('token'), ownPath(fields.text('to'))]
    try {
      await authenticate(database, token)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'TOKEN_INVALID') throw error
      return show(c, to, 'This token is not valid: it is unknown, expired or revoked.')
    }
    startSession(c, token)
    return c.redirect(to, 303)
  })
  app.post('/sign-out', async (c) => {
    const visitor = await visitorOf(c, database)
    const fields = new FormFields(await c.req.parseBody())
    if (visitor) requireOwnForm(c, fields.text('csrf'), visitor.csrf)
    endSession(c)
    return c.redirect('/sign-in', 303)
  })
}

/** A path of this server; never an address of another, whatever the link says. */
function ownPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) && !/[\\\r\n\t]/.test(to) ? to : '/'
}
