import { requireScope } from '@pooler-safe/example-foundation'
import { eventStream, type EventSource, type Topic } from '@pooler-safe/example-http-api'
import type { Hono } from 'hono'
import type { DashboardEnv } from '../context.ts'
import { areas, readTopics } from './topics.ts'

export interface LiveOptions {
  /** Where progress is heard of; that of the HTTP API when both run in one process. Default: one of its own. */
  readonly events?: EventSource
  /** Pause between two looks at what somebody watches, in milliseconds; of a source of its own. Default 700. */
  readonly pollMs?: number
  /** Pause between two signs of life. Default 15,000. */
  readonly heartbeatMs?: number
}

/** `GET /live?topics=…`: server-sent events about what a page shows; what they say, the browser reads in the page itself. */
export function liveRoutes(app: Hono<DashboardEnv>, events: EventSource, heartbeatMs = 15_000): void {
  app.get('/live', (c) => {
    const visitor = c.get('visitor')
    const topics: readonly Topic[] = readTopics(c.req.query('topics') ?? '')
    for (const { kind } of topics) requireScope(visitor, `${areas[kind]}:read`)
    const lastEventId = c.req.header('last-event-id')
    const { signal } = c.req.raw
    return eventStream(events, { tenant: visitor.tenant, topics, lastEventId, signal, heartbeatMs, retryMs: 1_000 })
  })
}
