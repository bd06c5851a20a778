import { createServer } from 'node:net'
import { LaunchError } from './launch-error.ts'
import { usualPort } from './options.ts'

/** How many ports after the usual one are tried. */
const tries = 50

/**
 * Serves on the port that was asked for, or on the usual one or the next that is free.
 *
 * @throws LaunchError
 */
export async function onFreePort<T>(asked: number | undefined, serve: (port: number) => Promise<T>): Promise<T> {
  const first = asked ?? usualPort
  const last = asked ?? usualPort + tries
  for (let port = first; port <= last; port += 1) {
    try {
      return await serve(port)
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw refused(port, error)
    }
  }
  if (asked === undefined) throw new LaunchError(`Ports ${first} to ${last} are taken: give another one with --port.`)
  throw taken(asked)
}

/** Finds out before anything is started whether the port that was asked for can be used. @throws LaunchError */
export async function requirePort(asked: number | undefined): Promise<void> {
  if (asked === undefined) return
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(codeOf(error) === 'EADDRINUSE' ? taken(asked) : refused(asked, error)))
    server.listen(asked, '127.0.0.1', resolve)
  })
  await new Promise((resolve) => server.close(resolve))
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

function taken(port: number): LaunchError {
  return new LaunchError(`Port ${port} of 127.0.0.1 is taken: give another one with --port, or none.`)
}

function refused(port: number, error: unknown): Error {
  if (codeOf(error) === 'EACCES') {
    return new LaunchError(`Port ${port} may not be used by this account: give another one with --port.`)
  }
  return error instanceof Error ? error : new Error(String(error))
}
