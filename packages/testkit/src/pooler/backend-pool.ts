import type { HazardId } from '@pooler-safe/hazards'
import { ServerError } from '../wire/server-error.ts'
import type { LoginOptions } from '../wire/login.ts'
import type { ScramSecret } from '../wire/scram.ts'
import { TestkitError } from '../testkit-error.ts'
import { BackendConnection } from './backend-connection.ts'
import type { Schedule } from './schedule.ts'
import { pick } from './seeded-random.ts'

/** Why a client got no backend, in the words of a FATAL ErrorResponse. */
export interface Refusal {
  readonly sqlstate: string
  readonly message: string
  /** Default `FATAL`. */
  readonly severity?: 'ERROR' | undefined
  /** What a real pooler writes into its log: why a log-in upstream failed. */
  readonly detail?: string
  /** The client's own hazard behind it, if there is one. */
  readonly hazard?: HazardId
}

/** A client connection as its pool sees it. */
export interface Borrower {
  /** The backend that served its last transaction. */
  readonly lastBackend: BackendConnection | undefined
  /** Numbers that the seed and this client determine. */
  readonly random: () => number
  /** How many swaps of the schedule it has followed. */
  swapsSeen: number
  /** Here is the backend that `borrow` had none of. */
  onBackend(backend: BackendConnection): void
  onRefused(refusal: Refusal): void
}

export interface BackendPoolOptions {
  readonly login: Omit<LoginOptions, 'secret'>
  readonly secret: ScramSecret
  /** How many transactions may run at once, and which backend is next. */
  readonly schedule: Schedule
  readonly queryWaitTimeoutMs: number
  /** What a client is told that waited that long. */
  readonly waitRefusal: Refusal
  /** What a client is told when PostgreSQL does not know the database (3D000); undefined repeats PostgreSQL's words. */
  readonly unknownDatabase: Refusal
  /** Looks at a backend before the first client has it. */
  readonly onFresh: ((backend: BackendConnection) => Promise<void>) | undefined
  /** For how long a failed log-in upstream is not tried again. */
  readonly serverLoginRetryMs: number
  readonly onOpened: (backend: BackendConnection) => void
  readonly onClosed: (backend: BackendConnection, error: Error) => void
}

interface Slot {
  busy: boolean
  backend: BackendConnection | undefined
  /** Audits that wait until this slot is free. */
  readonly reservations: ((backend: BackendConnection | undefined) => void)[]
}

interface Waiter {
  readonly borrower: Borrower
  readonly timer: NodeJS.Timeout | undefined
}

const loginFailing = 'server login has been failing, try again later (server_login_retry)'

function refusalOf(error: unknown, unknownDatabase: Refusal): Refusal {
  if (error instanceof ServerError && error.sqlstate === '3D000') return unknownDatabase
  if (error instanceof ServerError) return { sqlstate: error.sqlstate, message: error.serverMessage }
  return { sqlstate: '08P01', message: loginFailing, ...(error instanceof Error && { detail: error.message }) }
}

/**
 * The backends of one user in one database.
 *
 * Under the schedule `rotate` a transaction never gets the backend of the same client's transaction before it. So that
 * this holds even when every other backend is busy, there is one backend more than transactions may run at once; it is
 * opened only when needed.
 * Which of the possible backends it is, the client's seeded numbers decide, whether that one is open already or not.
 */
export class BackendPool {
  secret: ScramSecret
  /** What a fresh backend reported at log-in; undefined before the first one. */
  welcome: ReadonlyMap<string, string> | undefined
  readonly #options: BackendPoolOptions
  readonly #slots: Slot[]
  #waiters: Waiter[] = []
  #failedAt = Number.NEGATIVE_INFINITY
  #failure: Refusal | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #closed = false
  #exhaustedUntil = 0

  constructor(options: BackendPoolOptions) {
    this.#options = options
    this.secret = options.secret
    this.#slots = Array.from({ length: options.schedule.slots }, () => ({
      busy: false,
      backend: undefined,
      reservations: [],
    }))
  }

  get backends(): BackendConnection[] {
    return this.#slots.flatMap(({ backend }) => backend ?? [])
  }

  get waiting(): number {
    return this.#waiters.length
  }

  isBusy(backend: BackendConnection): boolean {
    return this.#slots.some((slot) => slot.backend === backend && slot.busy)
  }

  /** Answers a backend at once, or undefined and later calls `onBackend` or `onRefused`. */
  borrow(borrower: Borrower): BackendConnection | undefined {
    const slot = this.#waiters.length === 0 ? this.#choose(borrower) : undefined
    if (slot?.backend) {
      slot.busy = true
      return slot.backend
    }
    if (slot) void this.#openFor(slot, borrower)
    else this.#enqueue(borrower)
    return undefined
  }

  /** The borrower does not want a backend any more. */
  withdraw(borrower: Borrower): void {
    const index = this.#waiters.findIndex((waiter) => waiter.borrower === borrower)
    if (index === -1) return
    const [waiter] = this.#waiters.splice(index, 1)
    clearTimeout(waiter?.timer)
  }

  /** Gives a backend back. It is given on when no cancel is under way that could hit the next user. */
  release(backend: BackendConnection): void {
    backend.detach()
    backend.whenNoCancel(() => this.#free(backend))
  }

  /** Gives a backend up: it is closed, and its place is free. */
  discard(backend: BackendConnection): void {
    backend.detach()
    backend.close()
  }

  /** Opens a first backend for somebody who only wants to know `welcome`; it goes through `onBackend` or `onRefused`. */
  warmUp(borrower: Borrower): void {
    const backend = this.borrow(borrower)
    if (backend) borrower.onBackend(backend)
  }

  /**
   * Waits for each open backend to be free, and lends it to the auditor one by one.
   * Those that stay busy for `timeoutMs` are handed to `onBusy`.
   */
  async visit(
    timeoutMs: number,
    onFree: (backend: BackendConnection) => Promise<void>,
    onBusy: (backend: BackendConnection) => void,
  ): Promise<void> {
    for (const slot of this.#slots) {
      const { backend: before } = slot
      if (!before) continue
      const backend = await this.#reserve(slot, timeoutMs)
      if (backend === 'busy') {
        onBusy(before)
        continue
      }
      if (!backend) continue
      try {
        await onFree(backend)
      } finally {
        if (backend.isOpen) this.release(backend)
      }
    }
  }

  /** A backend beside the pool that no client ever gets; the caller closes it. */
  openExtra(): Promise<BackendConnection> {
    return BackendConnection.open({ ...this.#options.login, secret: this.secret })
  }

  /** Gives nobody a backend for a while, as if others held them all. */
  exhaust(ms: number): void {
    this.#exhaustedUntil = Date.now() + ms
    setTimeout(() => this.#serve(), ms + 1).unref()
  }

  /** Closes every backend; whoever has one loses it. */
  closeBackends(): void {
    for (const { backend } of this.#slots) backend?.close()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retryTimer)
    for (const { timer, borrower } of this.#waiters.splice(0)) {
      clearTimeout(timer)
      borrower.onRefused({ sqlstate: '57P01', message: 'the pooler is shutting down' })
    }
    for (const { backend } of this.#slots) backend?.close()
  }

  #free(backend: BackendConnection): void {
    const slot = this.#slots.find((one) => one.backend === backend)
    if (!slot || !backend.isOpen) return
    const reservation = slot.reservations.shift()
    if (reservation) {
      reservation(backend)
      return
    }
    slot.busy = false
    this.#serve()
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      const waiter = this.#waiters[0]
      const slot = waiter && this.#choose(waiter.borrower)
      if (!waiter || !slot) return
      this.#waiters.shift()
      clearTimeout(waiter.timer)
      if (!slot.backend) {
        void this.#openFor(slot, waiter.borrower)
        continue
      }
      slot.busy = true
      waiter.borrower.onBackend(slot.backend)
    }
  }

  #choose(borrower: Borrower): Slot | undefined {
    if (Date.now() < this.#exhaustedUntil) return undefined
    const { schedule } = this.#options
    const mayOpen = !this.#loginIsFailing()
    const moves = schedule.moves(borrower.swapsSeen)
    const candidates: Slot[] = []
    let spare: Slot | undefined
    let busy = 0
    for (const [index, slot] of this.#slots.entries()) {
      if (slot.busy) {
        busy += 1
        continue
      }
      const fits = slot.backend ? !moves || slot.backend !== borrower.lastBackend : mayOpen
      if (!fits) continue
      if (index < schedule.atOnce) candidates.push(slot)
      else spare = slot
    }
    if (busy >= schedule.atOnce) return undefined
    const chosen = this.#prefer(candidates, borrower, moves) ?? spare
    if (chosen) {
      if (moves || borrower.lastBackend === undefined) borrower.swapsSeen = schedule.swaps
      return chosen
    }
    if (mayOpen) return undefined
    // No second backend can be had: the guarantee holds for two or more.
    return this.backends.length === 1 ? this.#slots.find((slot) => slot.backend && !slot.busy) : undefined
  }

  #prefer(candidates: readonly Slot[], borrower: Borrower, moves: boolean): Slot | undefined {
    if (moves || !this.#options.schedule.stays) return pick(candidates, borrower.random)
    const last = candidates.find(({ backend }) => backend && backend === borrower.lastBackend)
    return last ?? candidates.find(({ backend }) => backend !== undefined) ?? candidates[0]
  }

  #loginIsFailing(): boolean {
    return Date.now() - this.#failedAt < this.#options.serverLoginRetryMs
  }

  #enqueue(borrower: Borrower, patient = false): void {
    if (!patient && this.#failure && this.#loginIsFailing() && this.backends.length === 0) {
      const { detail } = this.#failure
      borrower.onRefused({ sqlstate: '08P01', message: loginFailing, ...(detail !== undefined && { detail }) })
      return
    }
    const { queryWaitTimeoutMs } = this.#options
    const timer =
      queryWaitTimeoutMs > 0
        ? setTimeout(() => {
            this.withdraw(borrower)
            borrower.onRefused(this.#options.waitRefusal)
          }, queryWaitTimeoutMs)
        : undefined
    this.#waiters.push({ borrower, timer })
  }

  async #openFor(slot: Slot, borrower: Borrower): Promise<void> {
    slot.busy = true
    try {
      const backend = await BackendConnection.open({ ...this.#options.login, secret: this.secret })
      this.#failure = undefined
      this.#failedAt = Number.NEGATIVE_INFINITY
      slot.backend = backend
      backend.onClosed = (error) => this.#onClosed(slot, backend, error)
      this.welcome ??= backend.parameters
      this.#options.onOpened(backend)
      await this.#lookAtFresh(backend)
      if (this.#closed) {
        backend.close()
        borrower.onRefused({ sqlstate: '57P01', message: 'the pooler is shutting down' })
        return
      }
      borrower.onBackend(backend)
    } catch (error) {
      slot.busy = false
      this.#onOpenFailed(error, borrower)
    }
  }

  async #lookAtFresh(backend: BackendConnection): Promise<void> {
    try {
      await this.#options.onFresh?.(backend)
    } catch (error) {
      // Nobody could say later what a client left on it.
      backend.close()
      throw error
    }
    if (!backend.isOpen) throw new TestkitError('connection-failed', 'The backend closed its connection.')
  }

  #onOpenFailed(error: unknown, borrower: Borrower): void {
    this.#failedAt = Date.now()
    this.#failure = refusalOf(error, this.#options.unknownDatabase)
    const isOpening = this.#slots.some(({ busy, backend }) => busy && !backend)
    if (this.backends.length === 0 && !isOpening) {
      const refused = [borrower, ...this.#waiters.map((waiter) => waiter.borrower)]
      for (const { timer } of this.#waiters.splice(0)) clearTimeout(timer)
      for (const one of refused) one.onRefused(this.#failure)
      return
    }
    // Others of this pool are alive, or may be soon: this client waits for one of them, before all others.
    this.#enqueue(borrower, true)
    const last = this.#waiters.pop()
    if (last) this.#waiters.unshift(last)
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => this.#serve(), this.#options.serverLoginRetryMs + 1)
    this.#serve()
  }

  #onClosed(slot: Slot, backend: BackendConnection, error: Error): void {
    slot.backend = undefined
    slot.busy = false
    for (const reservation of slot.reservations.splice(0)) reservation(undefined)
    this.#options.onClosed(backend, error)
    if (!this.#closed) this.#serve()
  }

  #reserve(slot: Slot, timeoutMs: number): Promise<BackendConnection | 'busy' | undefined> {
    if (!slot.busy) {
      slot.busy = slot.backend !== undefined
      return Promise.resolve(slot.backend)
    }
    return new Promise((resolve) => {
      const reservation = (backend: BackendConnection | undefined): void => {
        clearTimeout(timer)
        resolve(backend)
      }
      const timer = setTimeout(() => {
        slot.reservations.splice(slot.reservations.indexOf(reservation), 1)
        resolve('busy')
      }, timeoutMs)
      slot.reservations.push(reservation)
    })
  }
}
