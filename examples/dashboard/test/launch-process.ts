import { startProgram, type ProgramRun } from '@pooler-safe/tests/support'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../src/main.ts')

/** A launcher in a process of its own, as `npm start` runs it. */
export const startLauncher = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ProgramRun =>
  startProgram(main, args, env)

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
export async function openLink(run: ProgramRun): Promise<Visit> {
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
