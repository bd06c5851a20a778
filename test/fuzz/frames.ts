import { send } from '../../packages/testkit/test/raw-client.ts'
import { int32, message } from '../../packages/testkit/src/wire/encode.ts'
import { isFrontendType, largestBodyBytes } from '../../packages/testkit/src/wire/message-types.ts'
import { pick, type Random } from './random.ts'

/** One piece of a stream: a frame, or what is meant to look like one. */
export interface Piece {
  readonly bytes: Buffer
  /** Nobody can read on after it: its type or length cannot be. */
  readonly isFatal: boolean
}

const clientTypes = Buffer.from('QPBDESCHFdcfp')
const sound = (bytes: Buffer): Piece => ({ bytes, isFatal: false })

/**
 * What only this client may ever read: in texts of Query and in values of Bind, never in a Parse. Another client may run
 * a statement of ours behind some poolers, but not with our values.
 */
export const tokenOf = (client: number): string => `tok-${client}-`
export const tokens = /tok-(\d+)-/g

const queries: readonly ((token: string) => string)[] = [
  (token) => `select '${token}'`,
  (token) => `select '${token}', generate_series(1, 30)`,
  (token) => `begin; select '${token}'`,
  () => 'begin',
  () => 'commit',
  () => 'rollback',
  () => 'select 1/0',
  () => '',
  () => 'copy fuzzed from stdin',
  (token) => `copy (select '${token}') to stdout`,
  (token) => `do $$ begin raise notice '${token}'; end $$`,
  () => 'savepoint a',
  () => 'rollback to a',
  () => `set work_mem to '5MB'`,
  () => 'prepare p as select 1',
  () => 'execute p',
  () => 'deallocate all',
  () => 'listen fuzz',
  () => 'declare c cursor with hold for select 1',
]

/** Texts of Parse: they take their values from Bind. */
const texts = ['select $1::text', 'select $1::text, generate_series(1, 3)', 'begin', 'commit', 'copy fuzzed from stdin']
const names = ['', '', '', 'a', 'b']

function soundFrame(token: string, random: Random): Buffer {
  const name = pick(names, random)
  switch (Math.floor(random() * 16)) {
    case 0:
    case 1:
    case 2:
      return send.query(pick(queries, random)(token))
    case 3:
    case 4:
      return send.extended('select $1::text', [token])
    case 5:
      return send.parse(pick(texts, random), name)
    case 6:
      return send.bind([token], name, pick(['', '', 'x'], random))
    case 7:
      return send.describe(pick(['S', 'P'], random), name)
    case 8:
      return send.execute(pick(['', '', 'x'], random), pick([0, 0, 1], random))
    case 9:
      return send.close(pick(['S', 'P'], random), name)
    case 10:
      return send.flush()
    case 11:
      return pick([send.copyData('1\n'), send.copyDone(), send.copyFail('enough')], random)
    case 12:
      return send.functionCall(pick([2026, 1, 0], random))
    case 13:
      return random() < 0.02 ? send.extended('select $1::text', [token.repeat(20_000)]) : send.sync()
    default:
      return send.sync()
  }
}

function garbage(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: Math.floor(random() * most) }, () => Math.floor(random() * 256)))
}

/** A frame whose header is sound and whose body is not. */
function brokenBody(token: string, random: Random): Piece {
  const frame = soundFrame(token, random)
  const type = random() < 0.5 ? (frame[0] ?? 0) : pick([...clientTypes], random)
  // The length counts what comes: this body is cut, padded, or of another type.
  const body = Buffer.concat([frame.subarray(5, 5 + Math.floor(random() * frame.length)), garbage(random, 20)])
  const bytes = message(type, body)
  return { bytes, isFatal: type === 0x70 }
}

/** A frame whose header lies: the rest of the stream is not what it looks like. */
function brokenHeader(token: string, random: Random): Piece {
  const bytes = Buffer.from(soundFrame(token, random))
  if (random() < 0.5) bytes[0] = Math.floor(random() * 256)
  else bytes.writeInt32BE(pick([0, 3, -1, 5, 4, 2 ** 31 - 1, 0x3fffffff, 70_000], random), 1)
  const length = bytes.readInt32BE(1) - 4
  const isFatal = length < 0 || length > largestBodyBytes || isFrontendType[bytes[0] ?? 0] !== true || bytes[0] === 0x70
  return { bytes, isFatal }
}

/** A stream of one client: mostly sound, in an order that no driver has, with what is broken in between. */
export function clientStream(client: number, length: number, random: Random): Piece[] {
  const token = tokenOf(client)
  const broken = random() < 0.5 ? 0.03 : 0
  return Array.from({ length }, () => {
    const chance = random()
    if (chance < broken / 6) return sound(garbage(random, 12))
    if (chance < broken / 2) return brokenHeader(token, random)
    if (chance < broken * 2) return brokenBody(token, random)
    return sound(soundFrame(token, random))
  })
}

/** An answer of a server, broken in some way: frames lost, doubled, moved, cut, or with a length that is not theirs. */
export function breakAnswer(frames: readonly Buffer[], random: Random): Buffer[] {
  const result = [...frames]
  const at = Math.floor(random() * result.length)
  const frame = result[at] ?? Buffer.alloc(0)
  switch (Math.floor(random() * 8)) {
    case 0:
      result.splice(at, 1)
      break
    case 1:
      result.splice(at, 0, frame)
      break
    case 2:
      result.push(frame)
      break
    case 3:
      result[at] = frame.subarray(0, Math.floor(random() * frame.length))
      break
    case 4: {
      const lying = Buffer.from(frame)
      if (lying.length >= 5) lying.writeInt32BE(pick([0, -5, 4, 9, 2 ** 30, 2 ** 31 - 1], random), 1)
      result[at] = lying
      break
    }
    case 5:
      result.splice(at, 0, garbage(random, 12))
      break
    case 6:
      result.splice(at, 0, message(Math.floor(random() * 256), garbage(random, 20)))
      break
    default:
      result.reverse()
  }
  return result
}

/** A start-up packet of another version, with parameters of any kind, or none at all. */
export function startupPacket(random: Random): Buffer {
  const version = pick([3 << 16, 3 << 16, (3 << 16) | 2, 2 << 16, 80877102, 80877103, 80877104, 0], random)
  const body = pick(
    [Buffer.from('user\0postgres\0\0'), Buffer.from('user\0postgres'), Buffer.alloc(0), garbage(random, 60)],
    random,
  )
  const length = random() < 0.8 ? 8 + body.length : pick([0, 7, 8, 10_001, 2 ** 31 - 1, -1], random)
  return Buffer.concat([int32(length), int32(version), body])
}
