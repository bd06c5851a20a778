import { createServer, type Server, type Socket } from 'node:net'
import {
  authentication,
  backendKeyData,
  cstrings,
  int32,
  message,
  readyForQuery,
} from '../../packages/testkit/src/wire/encode.ts'
import { FrameAssembler } from '../../packages/testkit/src/wire/frame-assembler.ts'
import { backend, frontend, startupCodes, status } from '../../packages/testkit/src/wire/message-types.ts'

const int16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255)
const complete = message(backend.commandComplete, cstrings('SELECT 1'))
const ready = readyForQuery(status.idle)

function rowOf(text: string): Buffer[] {
  const value = Buffer.from(text)
  const column = Buffer.concat([cstrings('text'), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)])
  return [
    message(backend.rowDescription, Buffer.concat([int16(1), column])),
    message(backend.dataRow, Buffer.concat([int16(1), int32(value.length), value])),
  ]
}

/** The right answer to a message, frame by frame; it echoes the token that was asked for. */
function answerTo(type: number, body: Buffer): Buffer[] {
  switch (type) {
    case frontend.query: {
      const text = body.toString('latin1')
      return [...rowOf(/tok-\d+-/.exec(text)?.[0] ?? ''), complete, ready]
    }
    case frontend.parse:
      return [message(backend.parseComplete)]
    case frontend.bind:
      return [message(backend.bindComplete)]
    case frontend.execute:
      return [complete]
    case frontend.describe:
      return [message(backend.noData)]
    case frontend.sync:
      return [ready]
    default:
      return []
  }
}

/** Says hello like a PostgreSQL, and answers as `change` makes of what would be right. */
export class FakeServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #logins = 0

  constructor(change: (answer: Buffer[]) => Buffer[]) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))
      socket.once('data', (first: Buffer) => {
        if (first.readInt32BE(4) === startupCodes.cancel) {
          socket.destroy()
          return
        }
        const key = backendKeyData((this.#logins += 1), Buffer.alloc(4))
        socket.write(Buffer.concat([authentication(0), key, ready]))
        const frames = new FrameAssembler()
        socket.on('data', (chunk: Buffer) => {
          const answers: Buffer[] = []
          frames.read(chunk, ({ type, body }) => {
            answers.push(...answerTo(type, body))
            return true
          })
          if (answers.length > 0) socket.write(Buffer.concat(change(answers)))
        })
      })
    })
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as { port: number }).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
