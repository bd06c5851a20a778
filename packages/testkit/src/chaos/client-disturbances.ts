import type { BackendConnection } from '../pooler/backend-connection.ts'
import type { ClientChaos } from './client-chaos.ts'
import type { Disturbance, PoolerDisturbance } from './plan.ts'

/** What can be done to a client connection. */
export interface Disturbed {
  /** The backend that runs something for it now. */
  readonly backend: () => BackendConnection | undefined
  readonly cutClient: () => void
  /** Has PostgreSQL end a backend; resolves when it is gone. */
  readonly terminate: (backendPid: number) => Promise<void>
  /** Disturbs everybody. */
  readonly disturbAll: (disturbance: PoolerDisturbance) => void
  /** What was held meanwhile may be sent. */
  readonly goOn: () => void
}

/** Carries out what chaos has decided for one client connection, before and after its messages. */
export class ClientDisturbances {
  /** Something is happening to this client: nothing of it is passed on meanwhile. */
  isUnderWay = false
  /** Each byte travels alone. */
  splitsFrames = false
  readonly #chaos: ClientChaos | undefined
  readonly #client: Disturbed
  /** The next message was counted already, and what happens before it has happened. */
  #isCounted = false
  /** What happens when the current message is sent. */
  #next: Disturbance | undefined
  /** How long each message is on its way. */
  #slowMs = 0

  constructor(chaos: ClientChaos | undefined, client: Disturbed) {
    this.#chaos = chaos
    this.#client = client
  }

  /** Lets chaos have its say about the next message; true when it has to wait for that. */
  hinder(type: number): boolean {
    const chaos = this.#chaos
    if (!chaos) return false
    if (this.#isCounted) {
      this.#isCounted = false
      return false
    }
    const disturbance = chaos.before(type)
    this.#next = chaos.after()
    const due = disturbance ?? (this.#slowMs > 0 ? ({ action: 'stall', ms: this.#slowMs } as const) : undefined)
    if (!due) return false
    this.#isCounted = true
    this.#disturb(due)
    return true
  }

  /** The current message is sent. */
  messageEnds(): void {
    if (!this.#next) return
    this.#disturb(this.#next)
    this.#next = undefined
  }

  #disturb(disturbance: Disturbance): void {
    this.isUnderWay = true
    // What was read together with this message is sent first.
    setImmediate(() => {
      const goOn = (): void => {
        this.isUnderWay = false
        this.#client.goOn()
      }
      // A backend that could not be killed was gone already.
      this.#suffer(disturbance).then(goOn, goOn)
    })
  }

  async #suffer(disturbance: Disturbance): Promise<void> {
    const server = this.#client.backend()
    switch (disturbance.action) {
      case 'kill-backend':
        if (server) await this.#client.terminate(server.pid)
        return
      case 'cut-backend':
        server?.socket.destroy()
        return
      case 'cut-client':
        this.#client.cutClient()
        return
      case 'split-frames':
        this.splitsFrames = true
        return
      case 'slow-link':
        this.#slowMs = disturbance.ms
        return
      case 'stall':
        await new Promise((resolve) => setTimeout(resolve, disturbance.ms))
        return
      default:
        this.#client.disturbAll(disturbance)
    }
  }
}
