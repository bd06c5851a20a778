import { getRequestListener } from '@hono/node-server'
import type { Logger } from '@pooler-safe/example-foundation'
import type { Platform } from '@pooler-safe/example-platform'
import { Hono } from 'hono'
import { createDashboard } from '../dashboard.ts'
import { securityHeaders } from '../http/security-headers.ts'
import { startSession } from '../http/session.ts'
import type { PoolerMonitor } from '../pooler/monitor.ts'
import { poolerPanel } from '../pooler/panel.ts'
import { openPath, type SignInKey } from './sign-in-key.ts'
import { listen, type WebServer } from './web-server.ts'

export interface ServeWebOptions {
  readonly platform: Platform
  readonly monitor: PoolerMonitor
  readonly logger: Logger
  readonly key: SignInKey
  /** Undefined: the usual one, or the next that is free. */
  readonly port: number | undefined
}

/** Serves the dashboard, and what the printed link leads to. @throws LaunchError */
export function serveWeb({ platform, monitor, logger, key, port }: ServeWebOptions): Promise<WebServer> {
  const app = new Hono()
  app.get(`${openPath}/:key`, securityHeaders, (c) => {
    const token = key.tokenFor(c.req.param('key'))
    if (token === undefined) return c.redirect('/', 303)
    startSession(c, token)
    // Not by a redirect: after a click elsewhere a browser would keep the cookie back until a page of ours asks for it.
    return c.html(
      '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/"><title>Signed in</title></head><body><p>You are signed in. <a href="/">To the dashboard</a></p></body></html>',
    )
  })
  app.route('/', createDashboard({ platform, logger, panels: [poolerPanel(monitor)] }))
  return listen((request, response) => void getRequestListener(app.fetch)(request, response), port)
}
