import { requireScope } from '@pooler-safe/example-foundation'
import type { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { DashboardEnv, PageTools } from '../context.ts'
import { LiveHub } from './hub.ts'
import { readTopic, type Topics } from './topics.ts'

export interface StreamOptions {
  /** Pause between two looks at what somebody watches. Default 700. */
  readonly everyMs?: number
  /** Pause between two signs of life. Default 15,000. */
  readonly beatMs?: number
}

/**
 * `GET /live?topic=…`: server-sent events about one thing of the tenant.
 *
 * `change` when it looks different, `end` when nothing will happen any more: then the stream ends. Who comes back with the
 * `Last-Event-ID` of how it still stands is told nothing twice.
 */
export function liveRoutes(
  app: Hono<DashboardEnv>,
  { platform, logger }: PageTools,
  { everyMs = 700, beatMs = 15_000 }: StreamOptions = {},
  topics: Topics = {},
): void {
  const hub = new LiveHub({ logger, everyMs })
  app.get('/live', (c) => {
    const visitor = c.get('visitor')
    const name = c.req.query('topic') ?? ''
    const topic = readTopic(name, topics)
    if (!topic) return c.text('There is no such topic.', 404)
    requireScope(visitor, `${topic.area}:read`)
    const known = c.req.header('last-event-id')
    // A proxy that collects the answer would make it a page of yesterday.
    c.header('X-Accel-Buffering', 'no')
    return streamSSE(
      c,
      async (stream) => {
        const leaving = new AbortController()
        stream.onAbort(() => leaving.abort())
        const beat = setInterval(() => void stream.write(': still here\n\n'), beatMs)
        try {
          await stream.write('retry: 1000\n\n')
          const readings = hub.watch(
            `${visitor.tenant} ${name}`,
            () => topic.read(platform, visitor.tenant),
            leaving.signal,
          )
          for await (const { version, ended } of readings) {
            if (ended) await stream.writeSSE({ event: 'end', id: version, data: version })
            else if (version !== known) await stream.writeSSE({ event: 'change', id: version, data: version })
          }
        } finally {
          clearInterval(beat)
        }
      },
      // What cannot be read now can be asked for again: the browser comes back by itself.
      () => Promise.resolve(),
    )
  })
}
