import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Interruption } from '../client/safe-query.ts'
import { PoolerSafeError, type Outcome } from '../errors/pooler-safe-error.ts'

/** What to do about a request to the network inside a transaction. */
export type NetworkInTransaction = 'report' | 'reject' | 'off'

interface EscapeGuardOptions {
  readonly escapes: 'reject' | 'allow'
  readonly network: NetworkInTransaction
  readonly onWarning: (warning: PoolerSafeError) => void
}

/** The transaction around a callback. */
interface Surrounding {
  /** Its COMMIT has been issued, so that what the callback still does holds no backend. */
  readonly hasEnded: () => boolean
  /** Rolls it back and rejects it, without waiting for the callback. */
  readonly end: (reason: Interruption) => void
}

/** A transaction whose callback is running in an async context. */
interface OpenTransaction extends Surrounding {
  isOpen: boolean
  /** It was already reported that something is fetched inside it. */
  reported: boolean
}

/** What `fetch` and undici announce for each request, in the async context that asked for it. */
const requestChannel = 'undici:request:create'

/**
 * Knows, per async context, whether a transaction of this database is open.
 *
 * A statement that goes to the database instead of the handle runs on another backend: it does not see the transaction, is
 * not undone with it, and waits for a client connection that the transaction may be holding. What outlives the callback is
 * free again.
 */
export class EscapeGuard {
  readonly #storage = new AsyncLocalStorage<OpenTransaction>()
  readonly #rejects: boolean
  readonly #network: NetworkInTransaction
  readonly #onRequest: (message: unknown) => void
  #watching = false

  constructor({ escapes, network, onWarning }: EscapeGuardOptions) {
    this.#rejects = escapes === 'reject'
    this.#network = network
    this.#onRequest = (message) => {
      const open = this.#storage.getStore()
      if (!open?.isOpen || open.reported || open.hasEnded()) return
      open.reported = true
      if (network === 'reject') open.end((outcome) => networkInside(message, outcome))
      else onWarning(networkInside(message, 'executed'))
    }
  }

  /** Whether a callback can end its transaction by asking the network. */
  get endsTransactions(): boolean {
    return this.#network === 'reject'
  }

  /** @throws PoolerSafeError POOLER_SAFE_ESCAPED_TRANSACTION inside the callback of a transaction */
  check(): void {
    if (this.#rejects && this.#storage.getStore()?.isOpen) throw escaped()
  }

  /** Runs the callback of a transaction. */
  async run<T>(work: () => Promise<T>, surrounding: Surrounding): Promise<T> {
    if (!this.#watching && this.#network !== 'off') {
      subscribe(requestChannel, this.#onRequest)
      this.#watching = true
    }
    const open: OpenTransaction = { ...surrounding, isOpen: true, reported: false }
    try {
      return await this.#storage.run(open, work)
    } finally {
      open.isOpen = false
    }
  }

  close(): void {
    if (this.#watching) unsubscribe(requestChannel, this.#onRequest)
    this.#watching = false
  }
}

function escaped(): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_ESCAPED_TRANSACTION',
    'The database was used inside the callback of a transaction: the statement would run outside of it.',
    {
      outcome: 'not-executed',
      hazard: 'query-escapes-tx',
      hint: 'Use the handle that the callback is given, or createDatabase({ escapes: "allow" }) if it is meant.',
    },
  )
}

function networkInside(message: unknown, outcome: Outcome): PoolerSafeError {
  const { request } = (message ?? {}) as { request?: { origin?: string | URL; method?: string } }
  const target = `${request?.method ?? 'A request'} ${originOf(request?.origin)}`.trim()
  return new PoolerSafeError(
    'POOLER_SAFE_NETWORK_IN_TRANSACTION',
    `${target} was started inside a transaction, which holds a backend until the answer is there.`,
    {
      outcome,
      hazard: 'idle-in-tx',
      hint: 'Fetch before the transaction, or store what is to be sent and send it after COMMIT.',
    },
  )
}

/** A URL may carry a password. */
function originOf(url: string | URL = ''): string {
  const text = url.toString()
  return URL.canParse(text) ? new URL(text).origin : ''
}
