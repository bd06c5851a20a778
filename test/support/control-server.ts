import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** How test files reach the set-up process. */
export interface ControlAddress {
  readonly port: number
  readonly token: string
}

/** A request by name; what it answers travels as JSON. */
export type Handlers = Readonly<Record<string, (input: unknown) => Promise<unknown>>>

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString('utf8') || 'null')
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  handlers: Handlers,
): Promise<void> {
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? null))
  }
  if (request.headers.authorization !== token) {
    send(403, { message: 'wrong token' })
    return
  }
  const handler = handlers[(request.url ?? '/').slice(1)]
  if (!handler) {
    send(404, { message: 'no such request' })
    return
  }
  try {
    send(200, await handler(await readJson(request)))
  } catch (error) {
    send(500, { message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

/** A tiny server of the set-up process: test files run elsewhere and ask it for databases, so that nothing starts before it is needed. */
export async function startControlServer(
  handlers: Handlers,
): Promise<{ address: ControlAddress; close: () => Promise<void> }> {
  const token = randomBytes(18).toString('base64url')
  const server = createServer((request, response) => void answer(request, response, token, handlers))
  // Starting PostgreSQL on a busy machine may take longer than Node's defaults allow a request.
  server.requestTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { address: { port, token }, close }
}

/** Asks the set-up process. Rejects with its error. */
export async function askControl(address: ControlAddress, name: string, input: unknown = null): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${address.port}/${name}`, {
    method: 'POST',
    headers: { authorization: address.token },
    body: JSON.stringify(input),
  })
  const body: unknown = await response.json()
  if (response.ok) return body
  throw new Error(`The set-up of the test run failed: ${(body as { message: string }).message}`)
}
