import type { BackendConnection } from './backend-connection.ts'
import type { ClientConnection } from './client-connection.ts'
import type { PoolerProfile } from './profile.ts'

export interface CancelCircumstances {
  /** The cancel request came over TLS. */
  readonly isEncrypted: boolean
  readonly staleCancel: PoolerProfile['staleCancel']
  /** How long after the end of a client's last transaction a cancel may still come. */
  readonly lateCancelMs: number
}

/**
 * The backend that a client's cancel request goes to, if any. Charges what is wrong with the request: a race is a finding
 * only when it hit a stranger, or when the client had long known that there was nothing to cancel.
 */
export function targetOfCancel(
  connection: ClientConnection,
  { isEncrypted, staleCancel, lateCancelMs }: CancelCircumstances,
): BackendConnection | undefined {
  const { backend, trial, idleMs } = connection
  if (connection.isEncrypted && !isEncrypted) {
    trial?.chargeNow({
      hazard: 'cancel-key-cleartext',
      evidence: 'messages',
      summary: 'a cancel request in clear for a client connection over TLS',
    })
  }
  const target = backend ?? (staleCancel === 'nothing' ? undefined : connection.lastBackend)
  if (!backend && target?.isInUse === true) {
    trial?.chargeNow({
      hazard: 'cancel-race',
      evidence: 'messages',
      summary: "a cancel request hit another client's transaction on the backend this client had before",
    })
  } else if (idleMs > lateCancelMs) {
    // Other poolers would hit whoever has this client's last backend by now.
    trial?.chargeNow({
      hazard: 'cancel-race',
      evidence: 'messages',
      summary: 'a cancel request long after everything of this client had ended',
    })
  }
  return target
}
