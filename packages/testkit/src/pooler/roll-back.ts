import { sync } from '../wire/encode.ts'
import { status } from '../wire/message-types.ts'
import type { BackendConnection, BackendUser } from './backend-connection.ts'

/** In what state a client left its backend. */
export interface LeftBehind {
  /** A request was sent whole, and its answer is due. */
  readonly isAnswerDue: boolean
  /** Extended messages were sent without their Sync. */
  readonly needsSync: boolean
}

/**
 * Ends what a client that vanished left on its backend: cancels what runs, waits for the answer, rolls back. Resolves to
 * whether the backend can be used again.
 */
export async function rollBack(backend: BackendConnection, left: LeftBehind): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), patienceMs)))
  try {
    return await Promise.race([endTransaction(backend, left), late])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}

/** PostgreSQL answers a cancel in milliseconds; a server that says nothing must not keep its place in the pool. */
const patienceMs = 2_000

async function endTransaction(backend: BackendConnection, left: LeftBehind): Promise<boolean> {
  if (left.isAnswerDue || left.needsSync) {
    const answered = waitForReady(backend)
    if (left.needsSync) backend.write(sync())
    // The backend may be lost while the cancel is on its way: that must not go unheard.
    await Promise.all([answered, backend.cancel()])
  }
  backend.detach()
  if (backend.transactionStatus !== status.idle) await backend.query('rollback')
  return backend.isOpen
}

function waitForReady(backend: BackendConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const janitor: BackendUser = {
      wantsTags: false,
      awaitsNothing: false,
      onBytes: () => undefined,
      onMessage: () => true,
      onError: () => undefined,
      onNotice: () => undefined,
      onNotification: () => undefined,
      onTag: () => undefined,
      onParameter: () => undefined,
      onReady: () => resolve(),
      onLost: reject,
    }
    backend.attach(janitor)
    backend.socket.resume()
  })
}
