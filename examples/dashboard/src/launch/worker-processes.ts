import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { wait, within } from '@pooler-safe/example-foundation'
import { z } from 'zod'
import { telemetrySchema, type Telemetry } from '../pooler/telemetry.ts'
import { LaunchError } from './launch-error.ts'

export interface WorkerProcessesOptions {
  readonly count: number
  readonly concurrency: number
  readonly databaseUrl: string
  /** The demo server of places. */
  readonly placesUrl: string | undefined
  /** What happened to a worker, in a sentence. */
  readonly say: (sentence: string) => void
}

const file = fileURLToPath(new URL('./worker.ts', import.meta.url))
const startMs = 30_000
const stopMs = 25_000
const restartMs = 1_000
const lastWordsMs = 500
const linesKept = 20

/**
 * The processes that run jobs. One that ends is started again. They end when they are stopped, and by themselves when this
 * process is gone, however it went: then their IPC channel is closed.
 */
export class WorkerProcesses implements AsyncDisposable {
  readonly #options: WorkerProcessesOptions
  readonly #workers = new Map<string, OneWorker>()
  readonly #gone = new Map<string, Telemetry>()
  readonly #stopping = new AbortController()
  readonly #supervised: Promise<void>[] = []

  private constructor(options: WorkerProcessesOptions) {
    this.#options = options
  }

  /** Resolves when all of them run jobs. @throws LaunchError when one of them cannot, or the signal's reason */
  static async start(options: WorkerProcessesOptions, signal: AbortSignal): Promise<WorkerProcesses> {
    const group = new WorkerProcesses(options)
    const names = Array.from({ length: options.count }, (_, index) => `worker-${index + 1}`)
    for (const name of names) group.#workers.set(name, new OneWorker(name, options))
    try {
      await Promise.all([...group.#workers.values()].map((worker) => worker.ready(signal)))
    } catch (error) {
      await group.stop()
      throw error
    }
    for (const name of names) group.#supervised.push(group.#supervise(name))
    return group
  }

  get pids(): number[] {
    return [...this.#workers.values()].flatMap(({ pid }) => pid ?? [])
  }

  /** What each of them has told last, by name; what a lost one told is kept. */
  telemetry(): ReadonlyMap<string, Telemetry> {
    const told = new Map([...this.#gone])
    for (const [name, { telemetry }] of this.#workers) if (telemetry) told.set(name, telemetry)
    return told
  }

  /** Asks them to hand back what is not done, and waits until they have ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const ends = await Promise.all([...this.#workers.values()].map((worker) => worker.stop()))
    for (const end of ends) if (end !== undefined) this.#options.say(end)
    await Promise.all(this.#supervised)
  }

  /** Ends them at once. */
  kill(): void {
    this.#stopping.abort()
    for (const worker of this.#workers.values()) worker.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #supervise(name: string): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      const worker = this.#workers.get(name)
      if (!worker) return
      const how = await worker.exited
      if (signal.aborted) return
      this.#options.say(`${name} ${how}; it is started again, and its jobs are given to others.`)
      if (worker.telemetry) this.#gone.set(`${name} (process ${worker.pid ?? 0})`, settled(worker.telemetry))
      if (!(await wait(restartMs, signal))) return
      this.#workers.set(name, new OneWorker(name, this.#options))
    }
  }
}

/** A process that is gone has no open transaction. */
const settled = (telemetry: Telemetry): Telemetry => ({ ...telemetry, waitsMs: [], openTransactionMs: 0 })

const messageSchema = z.union([z.object({ ready: z.literal(true) }), z.object({ telemetry: telemetrySchema })])

/** The environment of a worker: ours without settings that are meant for other workers. */
function environment({ databaseUrl, concurrency, placesUrl }: WorkerProcessesOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('WORKER_'))
  return {
    ...Object.fromEntries(inherited),
    DATABASE_URL: databaseUrl,
    DIRECT_DATABASE_URL: '',
    LOG_LEVEL: 'warn',
    WORKER_CONCURRENCY: String(concurrency),
    WORKER_PLACES_URL: placesUrl ?? '',
    WORKER_WEBHOOK_SECRET: process.env['BATCH_WEBHOOK_SECRET'] ?? '',
  }
}

class OneWorker {
  readonly name: string
  /** How it ended, in words. */
  readonly exited: Promise<string>
  telemetry: Telemetry | undefined
  readonly #child: ChildProcess
  readonly #isReady: Promise<true>
  #log: string[] = []

  constructor(name: string, options: WorkerProcessesOptions) {
    this.name = name
    this.#child = fork(file, [name], {
      env: environment(options),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches it through us, once and in order.
      detached: true,
    })
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#log = [...this.#log, ...text.toString('utf8').split('\n')].filter(Boolean).slice(-linesKept)
    })
    this.#isReady = new Promise((resolve) => {
      this.#child.on('message', (message) => {
        const parsed = messageSchema.safeParse(message)
        if (!parsed.success) return
        if ('ready' in parsed.data) resolve(true)
        else this.telemetry = parsed.data.telemetry
      })
    })
    this.exited = this.#exit()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    let onAbort: (() => void) | undefined
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    const ended = this.exited.then((how) => Promise.reject(new LaunchError(`${this.name} ${how}.`)))
    try {
      if (await within(startMs, Promise.race([this.#isReady, ended, aborted]))) return
      throw new LaunchError(`${this.name} was not ready within ${startMs / 1_000} s.`)
    } finally {
      if (onAbort) signal.removeEventListener('abort', onAbort)
    }
  }

  /** Undefined when all went well. */
  async stop(): Promise<string | undefined> {
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

const endedWell = 'ended with code 0'
