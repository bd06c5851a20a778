import type { Answer } from './answer.ts'
import type { ApiRequest } from './operation.ts'
import { limitedBody } from './body.ts'
import { readKey } from '../idempotency/fingerprint.ts'
import { onceStreamed } from '../idempotency/once-streamed.ts'
import { respond } from './answer.ts'

/**
 * Does work with a body that is read as it comes, once for each Idempotency-Key.
 *
 * `work` is given the id of this use of the key; undefined when there is none.
 */
export async function streamed(
  { api, tenant, context }: ApiRequest<unknown, unknown, unknown>,
  maxBytes: number,
  work: (body: AsyncIterable<Uint8Array>, useId: string | undefined) => Promise<Answer>,
): Promise<Answer | Response> {
  const request = context.req.raw
  const key = readKey(request)
  const body = limitedBody(request, { maxBytes, idleMs: api.limits.idleMs })
  if (key === undefined) return work(body, undefined)
  const { platform, keepKeysMs, logger } = api
  const options = { tenant, key, request, body, keepMs: keepKeysMs, logger }
  const { answer, isReplayed } = await onceStreamed(platform.database, options, async (input, useId) => {
    const { status, location = null, body: answered } = await work(input, useId)
    return { status, location, body: JSON.stringify(answered) }
  })
  if (isReplayed) context.header('idempotency-replayed', 'true')
  const { status, location, body: json } = answer
  return respond(context, { status, json: json ?? undefined, ...(location === null ? {} : { location }) })
}
