import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { within } from '@pooler-safe/example-foundation'
import { DemoError } from './demo-error.ts'

export interface WorkerGroupOptions {
  readonly count: number
  readonly concurrency: number
  readonly paceMs: number
  readonly databaseUrl: string
  /** A worker ended although nobody asked it to. */
  readonly onLost: (sentence: string) => void
}

const file = fileURLToPath(new URL('./file-worker.ts', import.meta.url))
const startMs = 30_000
const stopMs = 20_000
const logLinesKept = 20
const lastWordsMs = 500
const endedWell = 'ended with code 0'

/**
 * Worker processes. They end when they are stopped, and by themselves when this process is gone, however it went: then
 * their IPC channel is closed.
 */
export class WorkerGroup implements AsyncDisposable {
  readonly #workers: OneWorker[]
  #isStopping = false

  private constructor(options: WorkerGroupOptions) {
    this.#workers = Array.from({ length: options.count }, (_, index) => new OneWorker(`worker-${index + 1}`, options))
    for (const worker of this.#workers) {
      void worker.exited.then((how) => {
        if (!this.#isStopping) options.onLost(`${worker.name} ${how}.`)
      })
    }
  }

  /** Resolves when all of them run jobs; rejects when one of them cannot, or the signal fires. */
  static async start(options: WorkerGroupOptions, signal: AbortSignal): Promise<WorkerGroup> {
    const group = new WorkerGroup(options)
    try {
      await Promise.all(group.#workers.map((worker) => worker.ready(signal)))
      return group
    } catch (error) {
      await group.stop()
      throw error
    }
  }

  get names(): string[] {
    return this.#workers.map(({ name }) => name)
  }

  get pids(): number[] {
    return this.#workers.flatMap(({ pid }) => pid ?? [])
  }

  /** The process of ours that goes by this name in jobs and events: its process id is a part of it. */
  nameOf(worker: string): string {
    return this.#workers.find(({ pid }) => pid !== undefined && worker.includes(`-${pid}-`))?.name ?? worker
  }

  /** Asks them to hand back what is not done, and waits until they have ended. Says what went wrong. */
  async stop(): Promise<string[]> {
    this.#isStopping = true
    const ends = await Promise.all(this.#workers.map((worker) => worker.stop()))
    return ends.flatMap((end) => end ?? [])
  }

  /** Ends them at once. */
  kill(): void {
    this.#isStopping = true
    for (const worker of this.#workers) worker.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** The environment of a worker: ours without settings that are meant for other workers. */
function environment({ databaseUrl, concurrency }: WorkerGroupOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('JOBS_'))
  return {
    ...Object.fromEntries(inherited),
    DATABASE_URL: databaseUrl,
    DIRECT_DATABASE_URL: '',
    LOG_LEVEL: 'warn',
    JOBS_CONCURRENCY: String(concurrency),
    JOBS_POLL_MS: '100',
    JOBS_GRACE_MS: '500',
  }
}

class OneWorker {
  readonly name: string
  /** How it ended, in words. */
  readonly exited: Promise<string>
  readonly #child: ChildProcess
  #log: string[] = []

  constructor(name: string, options: WorkerGroupOptions) {
    this.name = name
    this.#child = fork(file, [name, String(options.paceMs)], {
      env: environment(options),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches it through us, once and in order.
      detached: true,
    })
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#log = [...this.#log, ...text.toString('utf8').split('\n')].filter(Boolean).slice(-logLinesKept)
    })
    this.exited = this.#exit()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    let onAbort: (() => void) | undefined
    const said = new Promise<true>((resolve) => this.#child.once('message', () => resolve(true)))
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    const ended = this.exited.then((how) => Promise.reject(new DemoError(`${this.name} ${how}.`)))
    try {
      if (await within(startMs, Promise.race([said, ended, aborted]))) return
      throw new DemoError(`${this.name} was not ready within ${startMs / 1_000} s.`)
    } finally {
      if (onAbort) signal.removeEventListener('abort', onAbort)
    }
  }

  /** Undefined when all went well. */
  async stop(): Promise<string | undefined> {
    if (this.#child.connected) this.#child.disconnect()
    const how = await within(stopMs, this.exited)
    if (how === undefined) {
      this.kill()
      return `${this.name} did not end within ${stopMs / 1_000} s and was killed.`
    }
    return how === endedWell ? undefined : `${this.name} ${how}.`
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
      return ` (${last})`
    }
  }
}
