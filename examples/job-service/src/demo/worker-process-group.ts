import { fileURLToPath } from 'node:url'
import { WorkerChild } from '@pooler-safe/example-foundation'
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

/**
 * Worker processes. They end when they are stopped, and by themselves when this process is gone, however it went: then
 * their IPC channel is closed.
 */
export class WorkerGroup implements AsyncDisposable {
  readonly #workers: WorkerChild[]
  #isStopping = false

  private constructor(options: WorkerGroupOptions) {
    this.#workers = Array.from({ length: options.count }, (_, index) => startWorker(`worker-${index + 1}`, options))
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

function startWorker(name: string, options: WorkerGroupOptions): WorkerChild {
  return new WorkerChild({
    name,
    file,
    args: [name, String(options.paceMs)],
    env: environment(options),
    // The first thing it says is that it is ready.
    onMessage: () => true,
    failed: (sentence) => new DemoError(sentence),
  })
}
