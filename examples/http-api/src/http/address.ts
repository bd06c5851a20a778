import type { Context } from 'hono'
import type { Socket } from 'node:net'
import type { ApiVariables } from './variables.ts'

/**
 * Where a request comes from: the other end of the client connection. What a request says of that itself is not believed.
 */
export function addressOf(context: Context<ApiVariables>): string {
  // There is none when the app is called without a server.
  const { incoming } = (context.env ?? {}) as { readonly incoming?: { readonly socket: Socket } }
  return incoming?.socket.remoteAddress ?? 'unknown'
}
