import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A launcher in a process of its own, as `npm start` runs it. */
export interface LaunchRun extends AsyncDisposable {
  readonly child: ChildProcess
  /** The exit code; null after a signal. */
  readonly exited: Promise<number | null>
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves with what matched on standard output; rejects when the process ends before. */
  readonly said: (pattern: RegExp) => Promise<string>
}

const main = join(import.meta.dirname, '../src/main.ts')
const flags = ['--conditions=@pooler-safe/source', '--disable-warning=ExperimentalWarning']

/** Through a shell that is the parent, `viaShell`, or directly. */
export function startLauncher(args: readonly string[], env: NodeJS.ProcessEnv = {}): LaunchRun {
  const child = spawn(process.execPath, [...flags, main, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString('utf8')))
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString('utf8')))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(stdout)
        if (found) resolve(found[1] ?? found[0])
      }
      look()
      child.stdout.on('data', look)
      void exited.then((code) => reject(new Error(`ended with ${code} before it said ${pattern}: ${stdout}${stderr}`)))
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

/** A browser without JavaScript, as far as these tests need one. */
export class Visit {
  readonly #origin: string
  #cookies = new Map<string, string>()

  constructor(origin: string) {
    this.#origin = origin
  }

  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(new URL(path, this.#origin), { redirect: 'manual', headers: { cookie } })
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      this.#cookies.set(name, value)
    }
    return { status: response.status, text: await response.text() }
  }
}

/** Signs in with the link that was printed. */
export async function openLink(run: LaunchRun): Promise<Visit> {
  const link = new URL(await run.said(/(http:\/\/\S+\/open\/\S+)/))
  const visit = new Visit(link.origin)
  const { status, text } = await visit.get(link.pathname)
  if (status !== 200) throw new Error(`The link was answered with ${status}: ${text}`)
  return visit
}

/** A port that somebody listens on. */
export async function takePort(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())) }
}
