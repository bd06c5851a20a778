import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { runAs, type ServiceUser } from './service-user.ts'

/** How a server of ours is run and ended. */
export interface ServerCommand {
  readonly executable: string
  readonly args: readonly string[]
  readonly user: ServiceUser | undefined
  /** A directory the user can enter; the parent's own might not be one. */
  readonly cwd: string
  readonly logFile: string
  readonly env?: NodeJS.ProcessEnv
  /** Ask nicely with this signal. */
  readonly stopSignal: NodeJS.Signals
  /** What the watcher uses when we are gone; default is `stopSignal`. */
  readonly abandonSignal?: NodeJS.Signals
  /** What is deleted when the server has ended, whoever ended it. */
  readonly removeAfterwards: string | undefined
}

/**
 * The watcher outlives us: its standard input is a pipe that closes when this process ends, however it ends (SIGKILL
 * included). It then ends the server, and only that one, and deletes what was temporary. A line "stop" relieves it.
 */
const watcherScript = `
read -r line || true
if [ "$line" = stop ]; then exit 0; fi
kill -s "$2" "$1" 2>/dev/null
waited=0
while kill -0 "$1" 2>/dev/null && [ "$waited" -lt 100 ]; do
  # Where nobody waits for orphans (a container without an init) it stays as a zombie.
  case "$(cat "/proc/$1/stat" 2>/dev/null)" in *") Z "*) break ;; esac
  sleep 0.1
  waited=$((waited + 1))
done
kill -s KILL "$1" 2>/dev/null
if [ -n "$3" ]; then rm -rf "$3"; fi
`

/** A server process that ends when we do. */
export class ServerProcess {
  readonly #command: ServerCommand
  readonly #child: ChildProcess
  readonly #watcher: ChildProcess | undefined
  readonly #exited: Promise<void>
  #exit: string | undefined

  constructor(command: ServerCommand) {
    this.#command = command
    const log = openSync(command.logFile, 'a')
    try {
      this.#child = spawn(command.executable, command.args, {
        ...runAs(command.user),
        cwd: command.cwd,
        env: command.env ?? process.env,
        stdio: ['ignore', log, log],
        // Its own process group: Ctrl-C in the terminal must reach it through us, in order.
        detached: true,
      })
    } finally {
      closeSync(log)
    }
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#exit = error.message
        resolve()
      })
      this.#child.once('exit', (code, signal) => {
        this.#exit = signal ? `was ended by ${signal}` : `ended with code ${code ?? 'unknown'}`
        resolve()
      })
    })
    this.#watcher = this.#watch()
    this.#child.unref()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** How it ended; undefined while it runs. */
  get exit(): string | undefined {
    return this.#exit
  }

  /** The last lines of its log. */
  logTail(lines = 20): string {
    try {
      return readFileSync(this.#command.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
    } catch {
      return ''
    }
  }

  /** Ends it: the polite signal, then SIGQUIT, then SIGKILL, each when the one before did not help in `timeoutMs`. */
  async stop(timeoutMs = 10_000, { keepFiles = false } = {}): Promise<void> {
    for (const signal of [this.#command.stopSignal, 'SIGQUIT', 'SIGKILL'] as const) {
      if (this.#exit !== undefined) break
      this.#child.ref()
      this.#child.kill(signal)
      await this.#exitedWithin(timeoutMs)
    }
    this.#watcher?.stdin?.end('stop\n')
    const { removeAfterwards } = this.#command
    if (removeAfterwards !== undefined && !keepFiles)
      rmSync(removeAfterwards, { recursive: true, force: true, maxRetries: 3 })
  }

  async #exitedWithin(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)))
    try {
      await Promise.race([this.#exited, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #watch(): ChildProcess | undefined {
    const { pid } = this.#child
    if (pid === undefined) return undefined
    const { stopSignal, abandonSignal = stopSignal, removeAfterwards } = this.#command
    if (process.platform === 'win32') {
      process.once('exit', () => this.#child.kill())
      return undefined
    }
    const args = [
      '-c',
      watcherScript,
      'pooler-safe-watcher',
      String(pid),
      abandonSignal.slice(3),
      removeAfterwards ?? '',
    ]
    const watcher = spawn('/bin/sh', args, { stdio: ['pipe', 'ignore', 'ignore'], cwd: '/', detached: true })
    watcher.on('error', () => undefined)
    watcher.stdin.on('error', () => undefined)
    watcher.unref()
    // The pipe must not keep this process alive either; Node makes it a socket.
    if (watcher.stdin instanceof Socket) watcher.stdin.unref()
    return watcher
  }
}
