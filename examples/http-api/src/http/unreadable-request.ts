import { newId } from '@pooler-safe/example-foundation'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { securityHeaders } from './security.ts'

const details: Readonly<Record<number, string>> = {
  400: 'The request is not HTTP that can be read.',
  408: 'The request did not come in time.',
  431: 'The headers of the request are too large.',
}

/** The answer to what never became a request: its line, its headers or its host cannot be read. */
export function unreadableRequest(status: number): Response {
  const { body, headers } = answerTo(status)
  return new Response(body, { status, headers })
}

/** Answers on the socket itself, and ends it: what follows on it cannot be read either. */
export function answerUnreadable(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = statuses[error.code ?? ''] ?? 400
  const { body, headers } = answerTo(status)
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`)
}

const statuses: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

function answerTo(status: number): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  const requestId = newId()
  const body = JSON.stringify({
    type: 'urn:pooler-safe:problem:request-unreadable',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: details[status] ?? 'The request cannot be read.',
    code: 'REQUEST_UNREADABLE',
    requestId,
  })
  return {
    body,
    headers: { 'content-type': 'application/problem+json', 'x-request-id': requestId, ...securityHeaders },
  }
}
