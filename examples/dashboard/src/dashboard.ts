import type { Logger } from '@pooler-safe/example-foundation'
import { createEventSource } from '@pooler-safe/example-http-api'
import type { Platform } from '@pooler-safe/example-platform'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import {
  FormFields,
  type DashboardEnv,
  type DashboardPanel,
  type PageRequestContext,
  type PageTools,
} from './context.ts'
import { readAssets } from './http/assets.ts'
import { requireOwnForm } from './http/csrf.ts'
import { failureOf } from './http/failure.ts'
import { leaveNotice, takeNotice } from './http/notice.ts'
import { RequestRefused } from './http/refused.ts'
import { requireScopeOf } from './http/scopes.ts'
import { securityHeaders } from './http/security-headers.ts'
import { visitorOf } from './http/session.ts'
import { liveRoutes, type LiveOptions } from './live/stream.ts'
import { panels as ownPanels } from './pages/panels.ts'
import { signInRoutes } from './pages/sign-in.ts'
import { html } from './view/html.ts'
import { layout, mainOf, type Theme } from './view/layout.ts'

export interface DashboardOptions {
  readonly platform: Platform
  readonly logger: Logger
  /** Further pages, before the settings. */
  readonly panels?: readonly DashboardPanel[]
  readonly live?: LiveOptions
  /** The largest form that is read, an upload included. Default 32 MB. */
  readonly maxFormBytes?: number
}

/** The dashboard as an application to be served. It calls the operations of the platform directly. */
export function createDashboard(options: DashboardOptions): Hono<DashboardEnv> {
  const { platform, logger, panels: further = [], live = {}, maxFormBytes = 32_000_000 } = options
  const app = new Hono<DashboardEnv>()
  const assets = readAssets()
  const panels = [...ownPanels.slice(0, -1), ...further, ...ownPanels.slice(-1)]
  const nav = panels.map(({ href, label }) => ({ href, label }))

  const render: PageTools['render'] = (c, content, status = 200) => {
    // An update wants what has changed, not the frame around it.
    if (c.req.header('x-part') === 'main') return c.html(String(mainOf(content)), status)
    const visitor = c.get('visitor') as PageRequestContext['var']['visitor'] | undefined
    const frame = {
      nav,
      path: c.req.path,
      theme: c.get('theme'),
      csrf: visitor?.csrf,
      tenantName: visitor?.tenantName,
      notice: takeNotice(c),
      assets: assets.urlOf,
    }
    return c.html(String(layout(content, frame)), status)
  }
  const tools: PageTools = {
    platform,
    logger,
    render,
    done: (c, to, text, undo) => {
      leaveNotice(c, text, undo)
      return c.redirect(to, 303)
    },
    form: async (c) => {
      const fields = new FormFields(await c.req.parseBody({ all: true }))
      requireOwnForm(c, fields.text('csrf'), c.get('visitor').csrf)
      return fields
    },
  }

  app.use(securityHeaders)
  assets.routes(app)
  app.use(async (c, next) => {
    const theme = getCookie(c, 'dashboard_theme')
    c.set('theme', theme === 'light' || theme === 'dark' ? theme : 'auto')
    c.set('url', new URL(c.req.url))
    await next()
  })
  app.use(
    bodyLimit({
      maxSize: maxFormBytes,
      onError: async (c) => {
        // Read to its end, as a browser shows no answer that comes while it is still sending; to a multiple of the limit.
        const { body, bodyUsed } = c.req.raw
        const isBounded = Number(c.req.header('content-length') ?? Number.NaN) <= maxFormBytes * 10
        if (body && !bodyUsed && isBounded) await body.pipeTo(new WritableStream()).catch(() => undefined)
        throw new RequestRefused(
          413,
          `The form has more than ${Math.floor(maxFormBytes / 1_000_000)} MB.`,
          'Larger inputs are streamed by the HTTP API.',
        )
      },
    }),
  )
  signInRoutes(app, { database: platform.database, render })
  app.use(async (c, next) => {
    const visitor = await visitorOf(c, platform.database)
    if (!visitor) {
      const isPage = c.req.method === 'GET' && c.req.path !== '/live' && c.req.header('x-part') === undefined
      if (!isPage) return c.text('Sign in first.', 401)
      const to = `${c.req.path}${new URL(c.req.url).search}`
      return c.redirect(to === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(to)}`, 303)
    }
    c.set('visitor', visitor)
    requireScopeOf(visitor, c.req.path, c.req.method)
    await next()
    return undefined
  })
  app.post('/theme', async (c) => {
    const theme = (await tools.form(c)).text('theme') as Theme
    setCookie(c, 'dashboard_theme', theme === 'dark' ? 'dark' : 'light', {
      path: '/',
      sameSite: 'Strict',
      maxAge: 31_536_000,
    })
    const from = c.req.header('referer')
    return c.redirect(from !== undefined && URL.canParse(from) ? new URL(from).pathname : '/', 303)
  })
  const { pollMs = 700, heartbeatMs } = live
  liveRoutes(app, live.events ?? createEventSource({ session: platform.database, logger, pollMs }), heartbeatMs)
  for (const panel of panels) panel.routes(app, tools)
  app.notFound((c) =>
    fail(c, new RequestRefused(404, 'There is no such page.', 'It may have been moved, or the link was cut.')),
  )
  app.onError((error, c) => fail(c, error))

  function fail(c: PageRequestContext, error: unknown): Response {
    const { status, title, message, hint, isUnexpected } = failureOf(error)
    if (isUnexpected) logger.error({ err: error, path: c.req.path, method: c.req.method }, 'a page failed')
    const body = html`<div class="problem" role="alert">
        <p><bdi>${message}</bdi></p>
        ${hint === undefined ? null : html`<p><bdi>${hint}</bdi></p>`}
      </div>
      <p><a href="${c.req.path}">Try again</a> or go to the <a href="/">overview</a>.</p>`
    return render(c, { title, body }, status)
  }
  return app
}
