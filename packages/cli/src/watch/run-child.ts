import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { UsageError } from '../command-line/usage-error.ts'
import type { Io } from '../io.ts'

/** The exit code that shells give to a program that a signal ended. */
export function exitCodeOf(ended: number | NodeJS.Signals): number {
  return typeof ended === 'number' ? ended : 128 + constants.signals[ended]
}

/** The signal that ends us, for the command to have as well; undefined when the terminal has told it already. */
function signalToPass({ signal, isErrTerminal }: Io): NodeJS.Signals | undefined {
  const reason: unknown = signal?.reason
  const name = typeof reason === 'string' && reason in constants.signals ? (reason as NodeJS.Signals) : 'SIGTERM'
  // Ctrl-C goes to every program of the terminal: twice would be taken for impatience.
  return name === 'SIGINT' && isErrTerminal === true ? undefined : name
}

/** Runs a command to its end, its output being ours. Resolves with its exit code, or the signal that ended it. */
export function runChild(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  io: Io,
): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: io.cwd, env, stdio: ['inherit', 'pipe', 'pipe'] })
    const passOn = (): void => {
      const signal = signalToPass(io)
      if (signal) child.kill(signal)
    }
    if (io.signal?.aborted) passOn()
    io.signal?.addEventListener('abort', passOn, { once: true })
    child.stdout.setEncoding('utf8').on('data', (text: string) => io.out(text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => io.err(text))
    child.once('error', (error: NodeJS.ErrnoException) => {
      io.signal?.removeEventListener('abort', passOn)
      const why = error.code === 'ENOENT' ? 'it was not found' : error.message
      reject(new UsageError(`${command} could not be started: ${why}.`, undefined, { cause: error }))
    })
    child.once('close', (code, signal) => {
      io.signal?.removeEventListener('abort', passOn)
      resolve(code ?? signal ?? 0)
    })
  })
}
