import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('./demo-worker.ts', import.meta.url))

/** Worker processes, of which one is killed now and then and another takes its place. */
export class WorkerFleet implements AsyncDisposable {
  readonly #url: string
  readonly #workers: ChildProcess[] = []

  private constructor(url: string) {
    this.#url = url
  }

  static async start(url: string, count: number): Promise<WorkerFleet> {
    const fleet = new WorkerFleet(url)
    await Promise.all(Array.from({ length: count }, () => fleet.#add()))
    return fleet
  }

  get pids(): readonly number[] {
    return this.#workers.flatMap(({ pid }) => pid ?? [])
  }

  /** Kills the worker at this place, as the machine would: nothing of it runs any more. Another takes its place. */
  async kill(at: number): Promise<void> {
    const [victim] = this.#workers.splice(at % this.#workers.length, 1)
    if (!victim) throw new TypeError('there is no worker to be killed')
    const exited = once(victim, 'exit')
    victim.kill('SIGKILL')
    await exited
    await this.#add()
  }

  /** Lets every worker hand back what it has and end; says how many ended badly. */
  async stop(): Promise<number> {
    const codes = await Promise.all(
      this.#workers.splice(0).map(async (worker) => {
        const exited = once(worker, 'exit')
        worker.send('stop')
        return (await exited) as [number | null]
      }),
    )
    return codes.filter(([code]) => code !== 0).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = this.#workers.splice(0)
    for (const worker of left) worker.kill('SIGKILL')
    await Promise.all(
      left.map(async (worker) => worker.exitCode === null && worker.signalCode === null && once(worker, 'exit')),
    )
  }

  async #add(): Promise<void> {
    const worker = fork(file, {
      execArgv: ['--conditions=@pooler-safe/source', '--disable-warning=ExperimentalWarning'],
      env: { PATH: process.env['PATH'], DATABASE_URL: this.#url },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#workers.push(worker)
    const ended = once(worker, 'exit').then(([code]) => {
      throw new Error(`A worker ended with ${String(code)} before it was ready.`)
    })
    ended.catch(() => undefined)
    await Promise.race([once(worker, 'message'), ended])
  }
}
