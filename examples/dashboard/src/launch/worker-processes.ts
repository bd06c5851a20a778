import { fileURLToPath } from 'node:url'
import { wait, WorkerChild } from '@pooler-safe/example-foundation'
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
const restartMs = 1_000

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
    for (const name of names) group.#workers.set(name, startWorker(name, options))
    try {
      await Promise.all([...group.#workers.values()].map(({ child }) => child.ready(signal)))
    } catch (error) {
      await group.stop()
      throw error
    }
    for (const name of names) group.#supervised.push(group.#supervise(name))
    return group
  }

  get pids(): number[] {
    return [...this.#workers.values()].flatMap(({ child }) => child.pid ?? [])
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
    const ends = await Promise.all([...this.#workers.values()].map(({ child }) => child.stop()))
    for (const end of ends) if (end !== undefined) this.#options.say(end)
    await Promise.all(this.#supervised)
  }

  /** Ends them at once. */
  kill(): void {
    this.#stopping.abort()
    for (const { child } of this.#workers.values()) child.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #supervise(name: string): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      const worker = this.#workers.get(name)
      if (!worker) return
      const how = await worker.child.exited
      if (signal.aborted) return
      this.#options.say(`${name} ${how}; it is started again, and its jobs are given to others.`)
      if (worker.telemetry) this.#gone.set(`${name} (process ${worker.child.pid ?? 0})`, settled(worker.telemetry))
      if (!(await wait(restartMs, signal))) return
      this.#workers.set(name, startWorker(name, this.#options))
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

/** A worker, and what it has told of itself last. */
interface OneWorker {
  readonly child: WorkerChild
  telemetry: Telemetry | undefined
}

function startWorker(name: string, options: WorkerProcessesOptions): OneWorker {
  const child = new WorkerChild({
    name,
    file,
    args: [name],
    env: environment(options),
    stopMs: 25_000,
    failed: (sentence) => new LaunchError(sentence),
    onMessage: (message) => {
      const parsed = messageSchema.safeParse(message)
      if (!parsed.success) return false
      if ('ready' in parsed.data) return true
      worker.telemetry = parsed.data.telemetry
      return false
    },
  })
  const worker: OneWorker = { child, telemetry: undefined }
  return worker
}
