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
  try {
    if (left.isAnswerDue || left.needsSync) {
      const answered = waitForReady(backend)
      if (left.needsSync) backend.write(sync())
      await backend.cancel()
      await answered
    }
    backend.detach()
    if (backend.transactionStatus !== status.idle) await backend.query('rollback')
    return backend.isOpen
  } catch {
    return false
  }
}

function waitForReady(backend: BackendConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const janitor: BackendUser = {
      wantsTags: false,
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
