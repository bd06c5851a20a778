import { fork, type ChildProcess } from 'node:child_process'
import { within } from './clock.ts'

export interface WorkerChildOptions {
  readonly name: string
  /** The program, and what it is given. */
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Gets every message of the child; answers whether it says that the child is ready. */
  readonly onMessage: (message: unknown) => boolean
  /** Makes the error that says why it is not ready. */
  readonly failed: (sentence: string) => Error
  /** Time to get ready. Default 30,000. */
  readonly startMs?: number
  /** Time to end in, once it was asked to; then it is killed. Default 20,000. */
  readonly stopMs?: number
}

const lastWordsMs = 500
const linesKept = 20
const endedWell = 'ended with code 0'

/**
 * A worker process of a launcher. It ends when it is stopped, and by itself when the launcher is gone, however it went: then
 * its IPC channel is closed.
 */
export class WorkerChild {
  readonly name: string
  /** How it ended, in words. */
  readonly exited: Promise<string>
  readonly #options: WorkerChildOptions
  readonly #child: ChildProcess
  readonly #isReady: Promise<true>
  #log: string[] = []

  constructor(options: WorkerChildOptions) {
    const { name, file, args, env, onMessage } = options
    this.name = name
    this.#options = options
    this.#child = fork(file, args, {
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches it through us, once and in order.
      detached: true,
    })
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#log = [...this.#log, ...text.toString('utf8').split('\n')].filter(Boolean).slice(-linesKept)
    })
    this.#isReady = new Promise((resolve) => {
      this.#child.on('message', (message) => {
        if (onMessage(message)) resolve(true)
      })
    })
    this.exited = this.#exit()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Resolves when it has said so; rejects when it ended, took too long, or the signal fires. */
  async ready(signal: AbortSignal): Promise<void> {
    const { startMs = 30_000, failed } = this.#options
    signal.throwIfAborted()
    let onAbort: (() => void) | undefined
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    const ended = this.exited.then((how) => Promise.reject(failed(`${this.name} ${how}.`)))
    try {
      if (await within(startMs, Promise.race([this.#isReady, ended, aborted]))) return
      throw failed(`${this.name} was not ready within ${startMs / 1_000} s.`)
    } finally {
      if (onAbort) signal.removeEventListener('abort', onAbort)
    }
  }

  /** Asks it to hand back what is not done, and waits until it has ended. Undefined when all went well. */
  async stop(): Promise<string | undefined> {
    const { stopMs = 20_000 } = this.#options
    if (this.#child.connected) this.#child.disconnect()
    const how = await within(stopMs, this.exited)
    if (how !== undefined) return how === endedWell ? undefined : `${this.name} ${how}.`
    this.kill()
    return `${this.name} did not end within ${stopMs / 1_000} s and was killed.`
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Not by the event `close`: it does not come after a `disconnect()` of ours. */
  async #exit(): Promise<string> {
    const said = new Promise((resolve) => this.#child.stderr?.once('close', resolve))
    const how = await new Promise<string>((resolve) => {
      this.#child.once('error', (error) => resolve(`could not be started: ${error.message}`))
      this.#child.once('exit', (code, signal) => {
        resolve(signal ? `was ended by ${signal}` : `ended with code ${code ?? 'unknown'}`)
      })
    })
    await within(lastWordsMs, said)
    return how === endedWell ? how : how + this.#lastWords()
  }

  #lastWords(): string {
    const last = this.#log.at(-1)
    if (last === undefined) return ''
    try {
      const { msg } = JSON.parse(last) as { msg?: unknown }
      return typeof msg === 'string' ? ` (${msg})` : ''
    } catch {
      return ` (${last.slice(0, 300)})`
    }
  }
}
