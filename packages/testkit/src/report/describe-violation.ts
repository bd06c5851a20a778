import type { AccusedClient, Violation } from '../judge/violation.ts'

/** A text on one line, cut. */
export function oneLine(text: string, limit = 160): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim()
  return flat.length > limit ? `${flat.slice(0, limit - 1)}…` : flat
}

/** A client in words. */
export function describeClient({ id, applicationName, address }: AccusedClient): string {
  const name = applicationName === '' ? `client ${id}` : `${applicationName} (client ${id})`
  return `${name} at ${address}`
}

/** Where and when it happened, in words. */
export function describePlace({ client, transaction }: Violation): string {
  if (!transaction) return describeClient(client)
  return `${describeClient(client)}, transaction ${transaction.id} on backend ${transaction.backendPid}`
}
