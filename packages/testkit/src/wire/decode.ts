import { TestkitError } from '../testkit-error.ts'

/** The fields of an ErrorResponse or NoticeResponse that we read. */
export interface ServerMessage {
  readonly severity: string
  readonly code: string
  readonly message: string
  readonly detail: string | undefined
  readonly hint: string | undefined
}

/** The text before the next zero byte; throws `protocol-violation` when there is none. */
export function cstringAt(body: Buffer, offset: number): { text: string; next: number } {
  const end = body.indexOf(0, offset)
  if (end === -1) throw new TestkitError('protocol-violation', 'A text in a message is not ended by a zero byte.')
  return { text: body.toString('utf8', offset, end), next: end + 1 }
}

/** Reads ErrorResponse and NoticeResponse; fields that are missing are empty. */
export function decodeServerMessage(body: Buffer): ServerMessage {
  const fields = new Map<string, string>()
  let offset = 0
  while (offset < body.length && body[offset] !== 0) {
    const name = String.fromCharCode(body[offset] ?? 0)
    const end = body.indexOf(0, offset + 1)
    if (end === -1) break
    fields.set(name, body.toString('utf8', offset + 1, end))
    offset = end + 1
  }
  return {
    severity: fields.get('V') ?? fields.get('S') ?? '',
    code: fields.get('C') ?? '',
    message: fields.get('M') ?? '',
    detail: fields.get('D'),
    hint: fields.get('H'),
  }
}

/** What a backend tells whoever listens. */
export interface Notification {
  /** The backend whose transaction sent it. */
  readonly pid: number
  readonly channel: string
  readonly payload: string
}

/** Reads NotificationResponse. */
export function decodeNotification(body: Buffer): Notification {
  const channel = cstringAt(body, 4)
  return { pid: body.readInt32BE(0), channel: channel.text, payload: cstringAt(body, channel.next).text }
}

/** Reads ParameterStatus: name and value. */
export function decodeParameterStatus(body: Buffer): { name: string; value: string } {
  const name = cstringAt(body, 0)
  return { name: name.text, value: cstringAt(body, name.next).text }
}

/** Reads the names and values of a start-up packet, after its protocol number. */
export function decodeStartupParameters(body: Buffer): Map<string, string> {
  const parameters = new Map<string, string>()
  let offset = 0
  while (offset < body.length && body[offset] !== 0) {
    const name = cstringAt(body, offset)
    const value = cstringAt(body, name.next)
    parameters.set(name.text, value.text)
    offset = value.next
  }
  return parameters
}

/** Reads the column names of a RowDescription. */
export function decodeRowDescription(body: Buffer): string[] {
  const names: string[] = []
  let offset = 2
  for (let left = body.readUInt16BE(0); left > 0; left -= 1) {
    const name = cstringAt(body, offset)
    names.push(name.text)
    offset = name.next + 18
  }
  return names
}

/** Reads the values of a DataRow in text format. */
export function decodeDataRow(body: Buffer): (string | null)[] {
  const values: (string | null)[] = []
  let offset = 2
  for (let left = body.readUInt16BE(0); left > 0; left -= 1) {
    const length = body.readInt32BE(offset)
    offset += 4
    values.push(length === -1 ? null : body.toString('utf8', offset, offset + Math.max(length, 0)))
    offset += Math.max(length, 0)
  }
  return values
}

/** Reads the values of a Bind that can be text, in order; those in binary format are left out. */
export function decodeBindTexts(body: Buffer): string[] {
  const portal = cstringAt(body, 0)
  let offset = cstringAt(body, portal.next).next
  const formats = Array.from({ length: body.readUInt16BE(offset) }, (_, index) =>
    body.readUInt16BE(offset + 2 + 2 * index),
  )
  offset += 2 + 2 * formats.length
  const texts: string[] = []
  const count = body.readUInt16BE(offset)
  offset += 2
  for (let index = 0; index < count; index += 1) {
    const length = body.readInt32BE(offset)
    offset += 4
    if (length < 0) continue
    const format = formats.length === 1 ? formats[0] : formats[index]
    // Text columns travel as the same bytes in both formats.
    if (format === 0 || format === undefined || length < 200) texts.push(body.toString('utf8', offset, offset + length))
    offset += length
  }
  return texts
}
