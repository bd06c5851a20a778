/**
 * Hands values from a transaction to whoever iterates over them, one at a time: the transaction goes on only when the next
 * one is asked for. That is the whole backpressure.
 */
export class Handover<T> {
  #taker: { resolve: (value: T | undefined) => void; reject: (error: unknown) => void } | undefined
  #goOn: ((wanted: boolean) => void) | undefined
  #end: { readonly error: unknown } | undefined
  #left = false

  /** Waits until the value was taken and the next is wanted. False when nobody wants any more. */
  offer(value: T): Promise<boolean> {
    if (this.#left) return Promise.resolve(false)
    this.#taker?.resolve(value)
    this.#taker = undefined
    return new Promise((resolve) => (this.#goOn = resolve))
  }

  /** The next value, or `undefined` at the end. */
  take(): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject }
      this.#goOn?.(true)
      this.#goOn = undefined
      this.#settle()
    })
  }

  /** No more values will come; with an error, because something failed. */
  end(error: unknown): void {
    this.#end ??= { error }
    this.#settle()
  }

  /** No more values are wanted. */
  leave(): void {
    this.#left = true
    this.#goOn?.(false)
    this.#goOn = undefined
  }

  #settle(): void {
    if (!this.#end || !this.#taker) return
    const { resolve, reject } = this.#taker
    this.#taker = undefined
    if (this.#end.error === undefined) resolve(undefined)
    else reject(this.#end.error)
  }
}

/** Runs `produce`, which lives in a transaction, as far as its values are asked for. */
export async function* handedOver<T>(
  produce: (handover: Handover<T>) => Promise<unknown>,
): AsyncGenerator<T, undefined> {
  const handover = new Handover<T>()
  const running = produce(handover).then(
    () => handover.end(undefined),
    (error: unknown) => handover.end(error),
  )
  try {
    for (;;) {
      const value = await handover.take()
      if (value === undefined) return undefined
      yield value
    }
  } finally {
    handover.leave()
    // Whoever leaves the loop finds the client back in its pool.
    await running
  }
}
