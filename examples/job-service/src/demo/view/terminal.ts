import type { WriteStream } from 'node:tty'
import { fitLine, formatSeconds, line, paint, span, widthOf, type Line } from './text.ts'
import type { ScreenSize } from './screen.ts'

/** Where the demonstration is seen. */
export interface View {
  readonly size: ScreenSize
  /** Lines can be taken back: what is drawn replaces what was drawn before. */
  readonly isLive: boolean
  /** Says that a step goes on. */
  begin(what: string): void
  /** The step is done. */
  done(what: string, detail: string, tookMs: number): void
  /** Adds lines that stay. */
  print(lines: readonly Line[]): void
  /** Draws in place; does nothing where lines cannot be taken back. */
  draw(render: (size: ScreenSize) => readonly Line[]): void
  /** Takes away what was drawn, and gives the cursor back. */
  close(): void
}

type Output = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>

const titleWidth = 11

const stepLine = (what: string, detail: string, tookMs: number): Line =>
  line(span('✓ ', 'good'), what.padEnd(titleWidth), `  ${detail}`, span(`  ${formatSeconds(tookMs)}`, 'faint'))

/** https://no-color.org: any value but the empty one. */
function wantsColors(): boolean {
  const { NO_COLOR } = process.env
  return NO_COLOR === undefined || NO_COLOR === ''
}

export function openView(output: Output): View {
  return output.isTTY === true && process.env['TERM'] !== 'dumb'
    ? new LiveView(output, wantsColors())
    : new PlainView(output)
}

/** Lines one below the other, no control codes: for files, pipes and CI. */
class PlainView implements View {
  readonly isLive = false
  readonly size: ScreenSize = { columns: 120, rows: Number.MAX_SAFE_INTEGER }
  readonly #output: Output

  constructor(output: Output) {
    this.#output = output
  }

  begin(): void {}

  done(what: string, detail: string, tookMs: number): void {
    this.print([stepLine(what, detail, tookMs)])
  }

  print(lines: readonly Line[]): void {
    this.#output.write(lines.map((one) => `${paint(one, false)}\n`).join(''))
  }

  draw(): void {}

  close(): void {}
}

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const eraseBelow = '\x1b[J'
const eraseLine = '\x1b[2K'

class LiveView implements View {
  readonly isLive = true
  readonly #output: Output
  readonly #colors: boolean
  #drawn: readonly Line[] = []
  #render: ((size: ScreenSize) => readonly Line[]) | undefined

  constructor(output: Output, colors: boolean) {
    this.#output = output
    this.#colors = colors
    output.on('resize', this.#redraw)
    process.once('exit', this.#giveCursorBack)
  }

  get size(): ScreenSize {
    const { columns = 80, rows = 24 } = this.#output
    // A terminal that does not know its size says 0.
    return { columns: columns || 80, rows: rows || 24 }
  }

  begin(what: string): void {
    this.draw(() => [line(span('… ', 'busy'), what)])
  }

  done(what: string, detail: string, tookMs: number): void {
    this.print([stepLine(what, detail, tookMs)])
  }

  print(lines: readonly Line[]): void {
    this.#render = undefined
    const back = this.#back()
    this.#drawn = []
    this.#output.write(back + eraseBelow + lines.map((one) => `${paint(one, this.#colors)}\n`).join(''))
  }

  draw(render: (size: ScreenSize) => readonly Line[]): void {
    this.#render = render
    this.#redraw()
  }

  close(): void {
    this.print([])
    this.#output.removeListener('resize', this.#redraw)
    process.removeListener('exit', this.#giveCursorBack)
    this.#output.write(showCursor)
  }

  readonly #redraw = (): void => {
    if (!this.#render) return
    const back = this.#back()
    this.#drawn = this.#render(this.size).map((one) => fitLine(one, this.size.columns))
    const text = this.#drawn.map((one) => `${eraseLine}${paint(one, this.#colors)}\n`).join('')
    this.#output.write(hideCursor + back + text + eraseBelow)
  }

  /** To where the drawing began. Lines that are wider than the terminal has become take several rows. */
  #back(): string {
    const { columns } = this.size
    const rows = this.#drawn.reduce(
      (sum, one) => sum + Math.max(1, Math.ceil(one.reduce((width, { text }) => width + widthOf(text), 0) / columns)),
      0,
    )
    return rows === 0 ? '\r' : `\r\x1b[${rows}A`
  }

  readonly #giveCursorBack = (): void => {
    this.#output.write(showCursor)
  }
}
