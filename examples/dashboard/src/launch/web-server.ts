import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LaunchError } from './launch-error.ts'
import { usualPort } from './options.ts'

/** How many ports after the usual one are tried. */
const tries = 50

export interface WebServer extends AsyncDisposable {
  readonly origin: string
}

/**
 * Listens on loopback: on the port that was asked for, or the usual one or the next that is free.
 *
 * @throws LaunchError
 */
export async function listen(listener: RequestListener, asked: number | undefined): Promise<WebServer> {
  const server = createServer(listener)
  const port = await listenOn(server, asked)
  return {
    origin: `http://localhost:${port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      // Event streams never end by themselves.
      server.closeAllConnections()
      await closed
    },
  }
}

/** Finds out before anything is started whether the port that was asked for can be used. @throws LaunchError */
export async function requirePort(asked: number | undefined): Promise<void> {
  if (asked === undefined) return
  const server = createServer()
  await listenOn(server, asked)
  await new Promise((resolve) => server.close(resolve))
}

async function listenOn(server: Server, asked: number | undefined): Promise<number> {
  const first = asked ?? usualPort
  const last = asked ?? usualPort + tries
  for (let port = first; port <= last; port += 1) {
    const refused = await tryPort(server, port)
    if (refused === undefined) return (server.address() as AddressInfo).port
    if (refused === 'EACCES') {
      throw new LaunchError(`Port ${port} may not be used by this account: give another one with --port.`)
    }
    if (refused !== 'EADDRINUSE') throw new LaunchError(`Port ${port} cannot be used (${refused}).`)
  }
  if (asked === undefined) throw new LaunchError(`Ports ${first} to ${last} are taken: give another one with --port.`)
  throw new LaunchError(`Port ${asked} of 127.0.0.1 is taken: give another one with --port, or none.`)
}

/** Undefined when it listens, else the code of what refused it. */
function tryPort(server: Server, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening)
      resolve(error.code ?? error.message)
    }
    const onListening = (): void => {
      server.off('error', onError)
      resolve(undefined)
    }
    server.once('error', onError)
    server.once('listening', onListening)
    server.listen(port, '127.0.0.1')
  })
}
