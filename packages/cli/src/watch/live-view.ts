import type { PoolerEvent } from '@pooler-safe/testkit'
import type { Paint } from '../command-line/paint.ts'
import type { Io } from '../io.ts'

export const clearLine = '\r\u001b[K'
/** How often the line is drawn anew. */
const everyMs = 200

/**
 * What happens while the command runs, on standard error. The first violation of each hazard is a line at once. On a
 * terminal there is one more line, always the last one, that counts; the command's own output goes above it.
 */
export class LiveView {
  readonly #io: Io
  readonly #paint: Paint
  readonly #isTerminal: boolean
  readonly #hazards = new Map<string, number>()
  #clients = 0
  #backends = 0
  #transactions = 0
  #isShown = false
  /** The last output did not end its line: the view would be written behind it. */
  #isMidLine = false
  #timer: NodeJS.Timeout | undefined

  constructor(io: Io, paint: Paint) {
    this.#io = io
    this.#paint = paint
    this.#isTerminal = io.isErrTerminal === true
    if (!this.#isTerminal) return
    this.#timer = setInterval(() => this.#draw(), everyMs)
    this.#timer.unref()
  }

  /** Where the command's output goes: through here, so that the view stays below it. */
  get io(): Io {
    if (!this.#isTerminal) return this.#io
    const above = (write: (text: string) => void) => (text: string) => {
      this.#hide()
      write(text)
      this.#isMidLine = !text.endsWith('\n')
    }
    return { ...this.#io, out: above(this.#io.out), err: above(this.#io.err) }
  }

  event(event: PoolerEvent): void {
    switch (event.type) {
      case 'client-connected':
        this.#clients += 1
        return
      case 'client-closed':
        this.#clients -= 1
        return
      case 'backend-opened':
        this.#backends += 1
        return
      case 'backend-closed':
        this.#backends -= 1
        return
      case 'transaction-ended':
        this.#transactions += 1
        return
      case 'violation': {
        const { hazard, summary, allowedBecause, client } = event.violation
        if (allowedBecause !== undefined) return
        const before = this.#hazards.get(hazard) ?? 0
        this.#hazards.set(hazard, before + 1)
        if (before > 0) return
        const who = client.applicationName === '' ? `client ${client.id}` : client.applicationName
        this.#hide()
        this.#io.err(`${this.#isMidLine ? '\n' : ''}pooler-safe: ${this.#paint('red', hazard)}: ${summary} (${who})\n`)
        this.#isMidLine = false
        return
      }
      default:
    }
  }

  /** Ends the view; what is written from now on is not above it. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#hide()
  }

  #hide(): void {
    if (!this.#isShown) return
    this.#io.err(clearLine)
    this.#isShown = false
  }

  #draw(): void {
    if (this.#isMidLine) return
    const sum = [...this.#hazards.values()].reduce((total, count) => total + count, 0)
    const most = [...this.#hazards].sort(([, left], [, right]) => right - left)
    const found = sum === 0 ? 'no violations' : `${sum} violations: ${most.map((one) => one.join(' ')).join(', ')}`
    const text = `${this.#clients} clients · ${this.#backends} backends · ${this.#transactions} transactions · ${found}`
    const short = text.slice(0, (this.#io.columns ?? 80) - 1)
    this.#io.err(`${clearLine}${this.#paint(sum === 0 ? 'dim' : 'red', short)}`)
    this.#isShown = true
  }
}
