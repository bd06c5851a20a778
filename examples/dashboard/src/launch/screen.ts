import { formatMs } from '@pooler-safe/example-foundation'

const nameWidth = 14

/** What is said while it starts and runs: plain lines, one for each thing that happened. */
export class Screen {
  readonly #output: NodeJS.WriteStream

  constructor(output: NodeJS.WriteStream) {
    this.#output = output
  }

  line(text = ''): void {
    this.#output.write(`${text}\n`)
  }

  /** Where to look. */
  link(link: string): void {
    this.line()
    this.named('Dashboard', link)
    this.line()
  }

  /** A step that is done: what it is, how it came out, how long it took. */
  async step<T>(
    name: string,
    signal: AbortSignal,
    work: () => Promise<T>,
    describe: (result: T) => string,
  ): Promise<T> {
    signal.throwIfAborted()
    const began = performance.now()
    const result = await work()
    signal.throwIfAborted()
    this.named(name, `${describe(result)} (${formatMs(performance.now() - began)})`)
    return result
  }

  /** A line under a name; further lines stand below the first. */
  named(name: string, ...lines: readonly string[]): void {
    for (const [at, text] of lines.entries()) this.line(`  ${(at === 0 ? name : '').padEnd(nameWidth)}${text}`)
  }
}
