import type { Logger } from '@pooler-safe/example-foundation'
import { createApi, serveApi, type RunningApi } from '@pooler-safe/example-http-api'
import type { Platform } from '@pooler-safe/example-platform'
import { Hono } from 'hono'
import { createDashboard } from '../dashboard.ts'
import { securityHeaders } from '../http/security-headers.ts'
import { startSession } from '../http/session.ts'
import type { PoolerMonitor } from '../pooler/monitor.ts'
import { poolerPanel } from '../pooler/panel.ts'
import { openPath, type SignInKey } from './sign-in-key.ts'
import { onFreePort } from './web-server.ts'

export interface ServeWebOptions {
  readonly platform: Platform
  readonly monitor: PoolerMonitor
  readonly logger: Logger
  readonly key: SignInKey
  /** Undefined: the usual one, or the next that is free. */
  readonly port: number | undefined
}

/** Everything else is the dashboard's. */
const pathsOfApi = /^\/(v1\/|(openapi\.json|reference|metrics|healthz|readyz)$)/

/** How long requests may take when it stops; the event streams of open pages never end by themselves. */
const graceMs = 1_000

/** Serves the dashboard, the API, and what the printed link leads to. @throws LaunchError */
export function serveWeb({ platform, monitor, logger, key, port: asked }: ServeWebOptions): Promise<RunningApi> {
  const api = createApi({ platform, logger })
  const dashboard = createDashboard({ platform, logger, panels: [poolerPanel(monitor)], live: { events: api.events } })
  const app = new Hono()
  app.get(`${openPath}/:key`, securityHeaders, (c) => {
    const token = key.tokenFor(c.req.param('key'))
    if (token === undefined) return c.redirect('/', 303)
    startSession(c, token)
    // Not by a redirect: after a click elsewhere a browser would keep the cookie back until a page of ours asks for it.
    return c.html(signedIn)
  })
  app.all('*', (c) => (pathsOfApi.test(c.req.path) ? api.app : dashboard).fetch(c.req.raw, c.env))
  return onFreePort(asked, (port) =>
    serveApi({ app, events: api.events }, { session: platform.database, logger, port, graceMs }),
  )
}

const signedIn = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=/">
<title>Signed in</title>
</head>
<body><p>You are signed in. <a href="/">To the dashboard</a></p></body>
</html>
`
