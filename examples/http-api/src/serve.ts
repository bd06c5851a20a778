import { getRequestListener } from '@hono/node-server'
import { within, type Logger } from '@pooler-safe/example-foundation'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Api, OpenApi } from './api.ts'
import { answerUnreadable, unreadableRequest } from './http/unreadable-request.ts'
import { deleteExpiredKeys } from './idempotency/key-store.ts'
import { requireApiTables } from './migrate.ts'
import type { Session } from 'pooler-safe'

export interface ServeOptions {
  readonly session: Session
  readonly logger: Logger
  /** Default `127.0.0.1`. */
  readonly hostname?: string
  /** Default: one that is free. */
  readonly port?: number
  /** How long requests that are under way may take when it stops. Default 10,000. */
  readonly graceMs?: number
  /** Pause between two deletions of keys that have expired. Default an hour. */
  readonly tidyMs?: number
}

export interface RunningApi extends AsyncDisposable {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** Takes no more requests, ends the streams, lets the requests that are under way end; what takes longer is cut off. */
  close(): Promise<void>
}

/** An upload may take its time. */
const requestTimeoutMs = 3_600_000

/**
 * Serves the API, or an application that it is a part of.
 *
 * @throws ServiceError DATABASE_NOT_MIGRATED
 */
export async function serveApi(
  { app, events }: Pick<OpenApi, 'events'> & { readonly app: Pick<Api, 'fetch'> },
  { session, logger, hostname = '127.0.0.1', port = 0, graceMs = 10_000, tidyMs = 3_600_000 }: ServeOptions,
): Promise<RunningApi> {
  await requireApiTables(session)
  const listener = getRequestListener(app.fetch, {
    // The rest of the process keeps the classes of the platform.
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      logger.debug({ err: error }, 'a request could not be read')
      return unreadableRequest(400)
    },
  })
  // Node's own answer to a request without a host would be no problem document.
  const server = createServer({ requestTimeout: requestTimeoutMs, requireHostHeader: false }, (incoming, outgoing) => {
    void listener(incoming, outgoing)
  })
  server.on('clientError', answerUnreadable)
  server.listen(port, hostname)
  await Promise.race([once(server, 'listening'), failed(server)])
  const { port: actual, address, family } = server.address() as AddressInfo
  const tidying = setInterval(() => {
    deleteExpiredKeys(session).catch((error: unknown) => {
      logger.warn({ err: error }, 'expired idempotency keys could not be deleted')
    })
  }, tidyMs)
  let closing: Promise<void> | undefined
  const end = async (): Promise<void> => {
    clearInterval(tidying)
    const closed = once(server, 'close')
    server.close()
    await events.close()
    server.closeIdleConnections()
    if (
      (await within(
        graceMs,
        closed.then(() => true),
      )) !== true
    ) {
      server.closeAllConnections()
      await closed
    }
  }
  const close = (): Promise<void> => (closing ??= end())
  const host = family === 'IPv6' ? `[${address}]` : address
  return { url: `http://${host}:${actual}`, close, [Symbol.asyncDispose]: close }
}

async function failed(server: Server): Promise<never> {
  const [error] = (await once(server, 'error')) as [Error]
  throw error
}
