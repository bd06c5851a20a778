import type { Step, WireValue } from './step.ts'

const bind = 0x42
const execute = 0x45
/** Execute of the unnamed portal, all rows. */
const executeBytes = 10

/**
 * Bind and Execute for each of several rows of one statement, in one buffer.
 *
 * The writer of pg makes a buffer for every message, which was most of the work of `executeMany`. Text needs no format codes:
 * none given means text for all parameters and all columns.
 */
export function serialiseRows(steps: readonly Step[], from: number): Buffer {
  const lengths: number[] = []
  let total = 0
  for (let at = from; at < steps.length; at += 1) total += measure(steps[at]?.values ?? [], lengths)
  const buffer = Buffer.allocUnsafe(total)
  let offset = 0
  let length = 0
  for (let at = from; at < steps.length; at += 1) {
    const values = steps[at]?.values ?? []
    offset = writeBind(buffer, offset, values, lengths, length)
    length += values.length + 1
    offset = writeExecute(buffer, offset)
  }
  return buffer
}

/** Notes the bytes of the Bind and of each value; returns what Bind and Execute take. */
function measure(values: readonly WireValue[], lengths: number[]): number {
  const own = lengths.push(0) - 1
  // Length, two empty names, three counts.
  let bytes = 4 + 2 + 6 + (values.some(isBinary) ? 2 * values.length : 0)
  for (const value of values) {
    const size = value === null ? -1 : typeof value === 'string' ? Buffer.byteLength(value) : value.length
    lengths.push(size)
    bytes += 4 + Math.max(size, 0)
  }
  lengths[own] = bytes
  return 1 + bytes + executeBytes
}

function writeBind(
  buffer: Buffer,
  start: number,
  values: readonly WireValue[],
  lengths: readonly number[],
  first: number,
): number {
  buffer[start] = bind
  let offset = buffer.writeInt32BE(lengths[first] ?? 0, start + 1)
  buffer[offset] = 0
  buffer[offset + 1] = 0
  offset += 2
  if (values.some(isBinary)) {
    offset = buffer.writeUInt16BE(values.length, offset)
    for (const value of values) offset = buffer.writeUInt16BE(isBinary(value) ? 1 : 0, offset)
  } else offset = buffer.writeUInt16BE(0, offset)
  offset = buffer.writeUInt16BE(values.length, offset)
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? null
    offset = buffer.writeInt32BE(lengths[first + 1 + at] ?? -1, offset)
    if (typeof value === 'string') offset += buffer.write(value, offset)
    else if (value !== null) offset += value.copy(buffer, offset)
  }
  return buffer.writeUInt16BE(0, offset)
}

function writeExecute(buffer: Buffer, start: number): number {
  buffer[start] = execute
  const offset = buffer.writeInt32BE(executeBytes - 1, start + 1)
  buffer[offset] = 0
  return buffer.writeInt32BE(0, offset + 1)
}

function isBinary(value: WireValue): boolean {
  return value !== null && typeof value !== 'string'
}
