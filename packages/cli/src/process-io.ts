import type { Io } from './io.ts'

/** The process as commands see it. `flush` resolves when everything written has been taken. */
export function processIo(): { readonly io: Io; readonly flush: () => Promise<void> } {
  // Whoever reads (`head`, a pager) may go away early; that is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const ended = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => ended.abort(name))
  const io: Io = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    stdin: readStdin,
    cwd: process.cwd(),
    env: process.env,
    isOutTerminal: process.stdout.isTTY,
    isErrTerminal: process.stderr.isTTY,
    columns: process.stdout.columns,
    signal: ended.signal,
  }
  return { io, flush: () => new Promise((resolve) => process.stdout.write('', () => resolve())) }
}

async function readStdin(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
