import { spawn } from 'node:child_process'
import { UsageError } from '../command-line/usage-error.ts'
import type { Io } from '../io.ts'

/** Runs a command to its end, its output being ours. Resolves with its exit code, or the signal that ended it. */
export function runChild(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  io: Io,
): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: io.cwd, env, stdio: ['inherit', 'pipe', 'pipe'] })
    const stop = (): void => void child.kill('SIGTERM')
    if (io.signal?.aborted) stop()
    io.signal?.addEventListener('abort', stop, { once: true })
    child.stdout.setEncoding('utf8').on('data', (text: string) => io.out(text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => io.err(text))
    child.once('error', (error: NodeJS.ErrnoException) => {
      io.signal?.removeEventListener('abort', stop)
      const why = error.code === 'ENOENT' ? 'it was not found' : error.message
      reject(new UsageError(`${command} could not be started: ${why}.`, undefined, { cause: error }))
    })
    child.once('close', (code, signal) => {
      io.signal?.removeEventListener('abort', stop)
      resolve(code ?? signal ?? 0)
    })
  })
}
