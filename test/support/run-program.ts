import { spawn, type ChildProcess } from 'node:child_process'

/** A program of this repository in a process of its own. */
export interface ProgramRun extends AsyncDisposable {
  readonly child: ChildProcess
  /** The exit code; null after a signal. */
  readonly exited: Promise<number | null>
  readonly stdout: () => string
  readonly stderr: () => string
  /**
   * Resolves with what was found on standard output, of a pattern its first group if it has one; rejects when the process
   * ends before.
   */
  readonly said: (wanted: string | RegExp) => Promise<string>
}

const flags = ['--conditions=@pooler-safe/source', '--disable-warning=ExperimentalWarning']

/** Starts a TypeScript file with this Node, from the sources. Disposing asks it to end, and waits for that. */
export function startProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ProgramRun {
  const child = spawn(process.execPath, [...flags, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString('utf8')))
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString('utf8')))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const find = (wanted: string | RegExp): string | undefined => {
    if (typeof wanted === 'string') return stdout.includes(wanted) ? wanted : undefined
    const found = wanted.exec(stdout)
    return found ? (found[1] ?? found[0]) : undefined
  }
  const said = (wanted: string | RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find(wanted)
        if (found !== undefined) resolve(found)
      }
      look()
      child.stdout.on('data', look)
      void exited.then((code) => {
        reject(new Error(`ended with ${code} before it said ${String(wanted)}: ${stdout}${stderr}`))
      })
    })
  return {
    child,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    said,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
    },
  }
}
