import type { Page } from '@pooler-safe/example-foundation'
import type { Context } from 'hono'
import type { StatusCode } from 'hono/utils/http-status'
import type { ServerResponse } from 'node:http'
import type { ApiRequest } from './operation.ts'
import type { ApiVariables } from './variables.ts'

/** What an operation answers. */
export interface Answer {
  readonly status: number
  readonly body?: unknown
  /** The body as it was written before, instead. */
  readonly json?: string | undefined
  /** Where to find what was made. */
  readonly location?: string
  readonly headers?: Readonly<Record<string, string>>
}

export function answerOf(answer: Answer | Response): Answer {
  if (answer instanceof Response) throw new TypeError('an answer that is a stream cannot be kept')
  return answer
}

export function respond(context: Context<ApiVariables>, answer: Answer | Response): Response {
  // The headers that were set on the way have to be on every answer.
  if (answer instanceof Response) return context.newResponse(answer.body, answer)
  const { status, body, json, location, headers = {} } = answer
  const text = json ?? (body === undefined ? null : JSON.stringify(body))
  return context.newResponse(text, {
    status: status as StatusCode,
    headers: {
      ...(text === null ? {} : { 'content-type': 'application/json' }),
      ...(location === undefined ? {} : { location }),
      ...headers,
    },
  })
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const created = (location: string, body: unknown): Answer => ({ status: 201, location, body })
/** The work is queued; `location` is where to see how it goes. */
export const accepted = (location: string, body: unknown): Answer => ({ status: 202, location, body })

/** What belongs to the tenant needs no word about which tenant. */
export function shown<Row extends object>(row: Row): Omit<Row, 'tenantId'> {
  return without(row, 'tenantId')
}

/** An object without one of its properties. */
export function without<Row extends object>(row: Row, property: string): Omit<Row, 'tenantId'> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== property)) as never
}

/** A page of a list, with a link to the next one (RFC 8288). */
export function pageAnswer<Item extends object, Key extends string | number>(
  context: Context<ApiVariables>,
  { items, next }: Page<Item, Key>,
  show: (item: Item) => unknown = shown,
): Answer {
  const body = { items: items.map(show), next: next === undefined ? null : String(next) }
  if (next === undefined) return ok(body)
  const url = new URL(context.req.url)
  url.searchParams.set('after', String(next))
  return { ...ok(body), headers: { link: `<${url.pathname}${url.search}>; rel="next"` } }
}

/**
 * A file that is written while it is read: a part in memory, no faster than the client takes it, and ended when it leaves.
 *
 * The first part is asked for before the answer begins, so that what is wrong becomes an error and no broken file. What goes
 * wrong later breaks the client connection: a file that ends too early must not look whole, and says nothing of the reason.
 */
export async function fileAnswer(
  { context, api }: Pick<ApiRequest<unknown, unknown, unknown>, 'context' | 'api'>,
  parts: AsyncGenerator<string>,
  { type, name }: { readonly type: string; readonly name: string },
): Promise<Response> {
  const first = await parts.next()
  const encoder = new TextEncoder()
  let pending: IteratorResult<string> | undefined = first
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = pending ?? (await parts.next())
          pending = undefined
          if (next.done === true) controller.close()
          else controller.enqueue(encoder.encode(next.value))
        } catch (error) {
          api.logger.warn({ err: error, requestId: context.get('requestId') }, 'a file broke off')
          breakOff(context, controller)
        }
      },
      async cancel() {
        await parts.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` },
  })
}

function breakOff(context: Context<ApiVariables>, controller: ReadableStreamDefaultController): void {
  const { outgoing } = (context.env ?? {}) as { readonly outgoing?: ServerResponse }
  if (!outgoing) {
    controller.error(new Error('the file broke off'))
    return
  }
  outgoing.destroy()
  controller.close()
}

export const fileTypes = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  geojson: 'application/geo+json',
} as const
