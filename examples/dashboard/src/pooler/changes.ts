import { wait } from '@pooler-safe/example-foundation'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'

/** Server-sent events that say `change` again and again, until the browser goes away. */
export function changes(c: Context, everyMs: number): Response {
  // A proxy that collects the answer would make it a page of yesterday.
  c.header('X-Accel-Buffering', 'no')
  return streamSSE(c, async (stream) => {
    const leaving = new AbortController()
    stream.onAbort(() => leaving.abort())
    await stream.write('retry: 1000\n\n')
    while (await wait(everyMs, leaving.signal)) await stream.writeSSE({ event: 'change', data: '' })
  })
}
