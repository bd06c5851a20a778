import type { EventSource, SubscribeOptions } from './event-source.ts'
import type { Subscription } from './subscription.ts'

export interface EventStreamOptions extends SubscribeOptions {
  /** Fires when the client leaves. */
  readonly signal?: AbortSignal
  /** Something is sent at least this often, so that nobody on the way takes the stream for dead. Default 15,000. */
  readonly heartbeatMs?: number
  /** A client that takes nothing for so long is dropped. Default 60,000. */
  readonly stallMs?: number
  /** What the client is told to wait before it comes back. Default 2,000. */
  readonly retryMs?: number
}

const encoder = new TextEncoder()

/**
 * Answers with a stream of server-sent events.
 *
 * `event:` is the kind of the topic, such as `batch`, `data:` is `{"topic": "batch:…", "state": {…}}`. When every topic has
 * come to its end the last event is `end`, and the stream closes. Who comes back to a stream that has ended and has seen its
 * end gets `204`, which tells browsers to stay away.
 *
 * @throws ServiceError EVENT_TOPIC_NOT_FOUND, TOO_MANY_STREAMS
 */
export async function eventStream(source: EventSource, options: EventStreamOptions): Promise<Response> {
  const { signal, heartbeatMs = 15_000, stallMs = 60_000, retryMs = 2_000, ...subscribe } = options
  const subscription = await source.subscribe(subscribe)
  if (subscription.isOver && subscribe.lastEventId !== undefined) {
    subscription.close()
    return new Response(null, { status: 204 })
  }
  signal?.addEventListener('abort', () => subscription.close(), { once: true })
  if (signal?.aborted === true) subscription.close()
  return new Response(streamOf(subscription, { heartbeatMs, stallMs, retryMs }), {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Asks proxies that collect answers not to.
      'x-accel-buffering': 'no',
    },
  })
}

function streamOf(
  subscription: Subscription,
  {
    heartbeatMs,
    stallMs,
    retryMs,
  }: { readonly heartbeatMs: number; readonly stallMs: number; readonly retryMs: number },
): ReadableStream<Uint8Array> {
  let stall: NodeJS.Timeout | undefined
  let hasBegun = false
  return new ReadableStream<Uint8Array>(
    {
      // Called when the client has taken what it was given.
      async pull(controller) {
        clearTimeout(stall)
        if (!hasBegun) {
          hasBegun = true
          controller.enqueue(encoder.encode(`retry: ${retryMs}\n\n`))
          return
        }
        await subscription.changed(heartbeatMs)
        const event = subscription.take()
        if (event) controller.enqueue(encoder.encode(textOf(event)))
        else if (subscription.isClosed) controller.close()
        else if (subscription.isOver) {
          controller.enqueue(encoder.encode('event: end\ndata: {}\n\n'))
          controller.close()
          subscription.close()
        } else controller.enqueue(encoder.encode(': still here\n\n'))
        stall = setTimeout(() => {
          subscription.close()
          controller.error(new Error('the client takes nothing'))
        }, stallMs)
        if (subscription.isClosed) clearTimeout(stall)
      },
      cancel() {
        clearTimeout(stall)
        subscription.close()
      },
    },
    { highWaterMark: 0 },
  )
}

function textOf({ id, topic, data }: { readonly id: string; readonly topic: string; readonly data: string }): string {
  // JSON has no line break of its own.
  const [kind = ''] = topic.split(':', 1)
  return `id: ${id}\nevent: ${kind}\ndata: {"topic":${JSON.stringify(topic)},"state":${data.replaceAll(/[\r\n]/g, ' ')}}\n\n`
}
