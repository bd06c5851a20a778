import { createHmac, timingSafeEqual } from 'node:crypto'
import type { TenantId } from '@pooler-safe/example-foundation'
import type { BatchStatus } from './batch.ts'
import type { PageClient } from './http.ts'

/** The key that signs what is sent to a tenant: derived, so that a tenant who knows its own knows no other's. */
export function webhookKey(secret: string, tenant: TenantId): string {
  return `whsec_${createHmac('sha256', secret).update(`webhook ${tenant}`).digest('base64')}`
}

/**
 * The headers that prove where a body comes from, after the Standard Webhooks specification: HMAC-SHA256 over
 * `id.timestamp.body`.
 */
export function signWebhook(
  key: string,
  message: { readonly id: string; readonly at: Date; readonly body: string },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(message.at.getTime() / 1_000))
  const bytes = Buffer.from(key.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', bytes).update(`${message.id}.${timestamp}.${message.body}`).digest('base64')
  return { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

/** Whether a body comes from us and is not older than five minutes: for whoever receives it. */
export function verifyWebhook(
  key: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
  now: Date = new Date(),
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': given } = headers
  if (id === undefined || timestamp === undefined || given === undefined) return false
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now.getTime() / 1_000 - Number(timestamp)) > 300) return false
  const wanted = signWebhook(key, { id, at: new Date(Number(timestamp) * 1_000), body })['webhook-signature'] ?? ''
  const [a, b] = [Buffer.from(wanted), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Tells the batch's webhook how it ended. @throws whatever the HTTP client throws; then the job is repeated */
export async function sendWebhook(
  http: PageClient,
  key: string,
  status: BatchStatus,
  round: number,
  signal: AbortSignal,
): Promise<number> {
  const { id, name, kind, state, counts, lines, createdAt, startedAt, finishedAt, topErrors, webhookUrl } = status
  if (webhookUrl === null) throw new TypeError('the batch has no webhook')
  const body = JSON.stringify({
    type: 'batch.ended',
    timestamp: finishedAt,
    data: { id, name, kind, state, round, counts, lines, createdAt, startedAt, finishedAt, topErrors },
  })
  await using response = await http.fetch(webhookUrl, {
    method: 'POST',
    // The same for every delivery of one end: the receiver can tell a repetition.
    headers: {
      'content-type': 'application/json',
      ...signWebhook(key, { id: `batch_${id}_${round}`, at: new Date(), body }),
    },
    body,
    robots: 'ignore',
    maxBytes: 65_536,
    signal,
  })
  await response.text()
  return response.status
}
