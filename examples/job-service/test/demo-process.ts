import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** A run of the demonstration in a process of its own, as `npm start` runs it. */
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

/** Every living process that descends from this one: id and command line. */
export function descendantsOf(root: number): Map<number, string> {
  const found = new Map<number, string>()
  const processes = listProcesses()
  for (let parents = new Set([root]); parents.size > 0;) {
    const children = processes.filter(({ parent }) => parents.has(parent))
    for (const { pid, command } of children) found.set(pid, command)
    parents = new Set(children.map(({ pid }) => pid))
  }
  return found
}

/** Those of the processes that are still there, under the same command line. */
export function stillAlive(processes: ReadonlyMap<number, string>): string[] {
  return listProcesses().flatMap(({ pid, command }) => (processes.get(pid) === command ? [`${pid} ${command}`] : []))
}

function listProcesses(): { readonly pid: number; readonly parent: number; readonly command: string }[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
  return stdout.split('\n').flatMap((row) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(row) ?? []
    // A zombie has ended; that nobody has asked for its exit code is the business of the init process.
    return state?.startsWith('Z') === false
      ? [{ pid: Number(pid), parent: Number(parent), command: command ?? '' }]
      : []
  })
}

/** Text without control codes is all that a pipe may get. */
export const isPlain = (text: string): boolean => stripVTControlCharacters(text) === text && !text.includes('\r')
