import pg from 'pg'
import { toError } from '../errors/to-error.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import type { ClientInternals, ConnectionInternals } from './pg-internals.ts'

/** How long a CancelRequest may take before it is given up and sent again. */
const cancelTimeoutMs = 2_000

const PgConnection = pg.Connection as unknown as new (config: object) => ConnectionInternals

/** How long a CancelRequest may stay without effect before it is sent again. */
const repeatMs = 100

/**
 * Cancels what a client is running until it has settled.
 *
 * A request that comes before the statement has reached its backend cancels nothing, and nobody says so; one that a busy pooler
 * does not get to in time says nothing either. Repeating it is safe as long as the client has nothing else to run.
 *
 * @throws PoolerSafeError when there is no key to cancel with
 */
export async function cancelUntil(client: pg.Client, settled: Promise<void>): Promise<void> {
  const ended = settled.then(() => true)
  for (;;) {
    const failure = await sendCancelRequest(client).catch((error: unknown) => error)
    if (failure && (client as unknown as ClientInternals).processID === null) throw toError(failure)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), repeatMs)
    })
    const done = await Promise.race([ended, late])
    clearTimeout(timer)
    if (done) return
  }
}

/**
 * Asks the server to cancel what a client is running, over a connection of its own.
 *
 * Resolves when the server has closed that connection: poolers ignore a request whose sender hangs up first, and before
 * that moment the signal may still be on its way. It goes over TLS when the client connection does, so that the secret key
 * never travels in clear.
 */
function sendCancelRequest(client: pg.Client): Promise<void> {
  const { processID, secretKey } = client as unknown as ClientInternals
  const { ssl, sslNegotiation } = client.connection as unknown as ConnectionInternals
  if (processID === null || secretKey === null) {
    return Promise.reject(cancelFailed('the server gave no key to cancel with'))
  }
  const { host, port } = client
  const connection = new PgConnection({ ssl, sslNegotiation })
  return new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      connection.stream.destroy()
      reject(cancelFailed(`the server did not answer within ${cancelTimeoutMs} ms`))
    }, cancelTimeoutMs)
    let sent = false
    const send = (): void => {
      sent = true
      connection.cancel(processID, secretKey)
    }
    const finish = (error?: Error): void => {
      clearTimeout(timer)
      // A server may hang up on us as roughly as it likes once it has the request.
      if (error && !sent) reject(cancelFailed(error.message, error))
      else resolve()
    }
    connection.on('error', finish)
    connection.on('end', () => finish())
    connection.on('connect', () => {
      if (!ssl) send()
      else if (sslNegotiation !== 'direct') connection.requestSsl()
    })
    connection.on('sslconnect', send)
    if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
    else connection.connect(port, host)
  })
}

function cancelFailed(reason: string, cause?: unknown): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_CONNECTION_LOST', `The query could not be cancelled: ${reason}.`, {
    outcome: 'unknown',
    hazard: 'cancel-race',
    cause,
  })
}
