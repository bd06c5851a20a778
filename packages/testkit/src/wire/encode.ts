import { backend, frontend, startupCodes } from './message-types.ts'

/** One message: type byte, length, body. */
export function message(type: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const result = Buffer.allocUnsafe(5 + body.length)
  result[0] = type
  result.writeInt32BE(4 + body.length, 1)
  body.copy(result, 5)
  return result
}

/** Texts, each ended by a zero byte. */
export function cstrings(...texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\0`).join(''), 'utf8')
}

export function int32(value: number): Buffer {
  const result = Buffer.allocUnsafe(4)
  result.writeInt32BE(value | 0)
  return result
}

/** A packet without a type byte: length, then body. */
function untyped(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int32(4 + body.length), body])
}

export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).flat()
  return untyped(int32(startupCodes.protocol3), cstrings(...pairs, ''))
}

export const sslRequest = (): Buffer => untyped(int32(startupCodes.ssl))

export function cancelRequest(pid: number, secret: Buffer): Buffer {
  return untyped(int32(startupCodes.cancel), int32(pid), secret)
}

export const query = (text: string): Buffer => message(frontend.query, cstrings(text))

const int16 = (value: number): Buffer => Buffer.of((value >> 8) & 255, value & 255)

export const parse = (name: string, text: string): Buffer =>
  message(frontend.parse, Buffer.concat([cstrings(name, text), int16(0)]))

/** Bind of the unnamed portal with text values, and Execute of all its rows. */
export function bindAndExecute(statement: string, values: readonly string[]): Buffer {
  const parameters = values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)])
  return Buffer.concat([
    message(
      frontend.bind,
      Buffer.concat([cstrings('', statement), int16(0), int16(values.length), ...parameters, int16(0)]),
    ),
    message(frontend.execute, Buffer.concat([cstrings(''), int32(0)])),
  ])
}

export const closeStatement = (name: string): Buffer =>
  message(frontend.close, Buffer.concat([Buffer.from('S'), cstrings(name)]))
export const sync = (): Buffer => message(frontend.sync)
export const terminate = (): Buffer => message(frontend.terminate)
export const flush = (): Buffer => message(frontend.flush)
export const passwordMessage = (password: string): Buffer => message(frontend.password, cstrings(password))

export function saslInitialResponse(mechanism: string, response: string): Buffer {
  const data = Buffer.from(response)
  return message(frontend.password, Buffer.concat([cstrings(mechanism), int32(data.length), data]))
}

export const saslResponse = (response: string): Buffer => message(frontend.password, Buffer.from(response))

/** AuthenticationOk, or one of its requests with the bytes that follow the number. */
export function authentication(request: number, data: Buffer = Buffer.alloc(0)): Buffer {
  return message(backend.authentication, Buffer.concat([int32(request), data]))
}

export const parameterStatus = (name: string, value: string): Buffer =>
  message(backend.parameterStatus, cstrings(name, value))

export const backendKeyData = (pid: number, secret: Buffer): Buffer =>
  message(backend.backendKeyData, Buffer.concat([int32(pid), secret]))

export const readyForQuery = (transactionStatus: number): Buffer =>
  message(backend.readyForQuery, Buffer.of(transactionStatus))

export function negotiateProtocolVersion(newestMinor: number, unknownOptions: readonly string[]): Buffer {
  return message(
    backend.negotiateProtocolVersion,
    Buffer.concat([int32(newestMinor), int32(unknownOptions.length), cstrings(...unknownOptions)]),
  )
}

/** An ErrorResponse of severity FATAL, or another: what a pooler says before it hangs up. */
export function fatal(code: string, text: string, severity = 'FATAL', detail?: string): Buffer {
  const more = detail === undefined ? [] : [`D${detail}`]
  return message(backend.errorResponse, cstrings(`S${severity}`, `V${severity}`, `C${code}`, `M${text}`, ...more, ''))
}
