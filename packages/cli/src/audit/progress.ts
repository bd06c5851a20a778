import type { Io } from '../io.ts'

const everyMs = 100

/** One line on standard error that says how far a long run is; nothing when nobody looks. */
export class Progress {
  readonly #io: Io
  readonly #isOn: boolean
  #shownAt = 0
  #isShown = false

  constructor(io: Io, isWanted: boolean) {
    this.#io = io
    this.#isOn = isWanted && io.isErrTerminal === true
  }

  show(done: number, all: number): void {
    const now = Date.now()
    if (!this.#isOn || now - this.#shownAt < everyMs) return
    this.#shownAt = now
    this.#isShown = true
    this.#io.err(`\r\u001B[K${String(done)} of ${String(all)} files`)
  }

  clear(): void {
    if (this.#isShown) this.#io.err('\r\u001B[K')
    this.#isShown = false
  }
}
