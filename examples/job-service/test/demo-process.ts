import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** A run of the demonstration in a process of its own, as `npm run demo:jobs` runs it. */
export interface DemoRun {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves when the text has appeared on standard output; rejects when the process ends before. */
  readonly said: (text: string) => Promise<void>
}

const main = join(import.meta.dirname, '../src/main.ts')

export function startDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): DemoRun {
  const flags = ['--conditions=@pooler-safe/source', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...flags, main, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString('utf8')))
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString('utf8')))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve()
      }
      look()
      child.stdout.on('data', look)
      void exited.then((code) => reject(new Error(`ended with ${code} before it said "${text}": ${stdout}${stderr}`)))
    })
  return { child, exited, stdout: () => stdout, stderr: () => stderr, said }
}

/** Text without control codes is all that a pipe may get. */
export const isPlain = (text: string): boolean => stripVTControlCharacters(text) === text && !text.includes('\r')
