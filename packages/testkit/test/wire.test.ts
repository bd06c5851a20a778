import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeBindTexts,
  decodeDataRow,
  decodeParameterStatus,
  decodeRowDescription,
  decodeServerMessage,
  decodeStartupParameters,
} from '../src/wire/decode.ts'
import { cstrings, fatal, message, parameterStatus, startup } from '../src/wire/encode.ts'
import { FrameAssembler, type Frame } from '../src/wire/frame-assembler.ts'
import { FrameWalker } from '../src/wire/frame-walker.ts'
import { makeVerifier, parseVerifier, ScramClient, ScramServer } from '../src/wire/scram.ts'
import { send } from './raw-client.ts'

const frames = fc.array(fc.record({ type: fc.integer({ min: 1, max: 255 }), body: fc.uint8Array({ maxLength: 40 }) }), {
  minLength: 1,
  maxLength: 8,
})

const encode = (list: readonly { type: number; body: Uint8Array }[]): Buffer =>
  Buffer.concat(list.map(({ type, body }) => message(type, Buffer.from(body))))

const plain = (list: readonly { type: number; body: Uint8Array }[]) =>
  list.map(({ type, body }) => ({ type, body: Buffer.from(body).toString('hex') }))

/** Reads a stream cut at the given places. */
function assemble(bytes: Buffer, cuts: readonly number[]): Frame[] {
  const assembler = new FrameAssembler()
  const found: Frame[] = []
  let start = 0
  for (const end of [...[...cuts].sort((left, right) => left - right), bytes.length]) {
    assembler.read(bytes.subarray(start, end), (frame) => found.push(frame) > 0)
    start = end
  }
  expect(assembler.atBoundary).toBe(true)
  return found
}

describe('frames', () => {
  test('are the same whatever byte the stream is cut at', () => {
    fc.assert(
      fc.property(frames, (list) => {
        const bytes = encode(list)
        for (let cut = 0; cut <= bytes.length; cut += 1) expect(plain(assemble(bytes, [cut]))).toEqual(plain(list))
      }),
      { numRuns: 60 },
    )
  })

  test('are the same when every byte comes alone, or in any pieces', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(400), { maxLength: 12 }), (list, cuts) => {
        const bytes = encode(list)
        const everywhere = Array.from({ length: bytes.length }, (_, index) => index)
        expect(plain(assemble(bytes, everywhere))).toEqual(plain(list))
        expect(
          plain(
            assemble(
              bytes,
              cuts.map((cut) => cut % (bytes.length + 1)),
            ),
          ),
        ).toEqual(plain(list))
      }),
      { numRuns: 200 },
    )
  })

  test('a walker finds the same headers without keeping a body', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 30 }), (list, step) => {
        const bytes = encode(list)
        const walker = new FrameWalker()
        const headers: number[][] = []
        for (let start = 0; start < bytes.length; start += step) {
          const chunk = bytes.subarray(start, start + step)
          let offset = 0
          while (offset < chunk.length) {
            if (walker.bodyLeft > 0) offset = walker.skipBody(chunk, offset)
            else offset = walker.readHeader(chunk, offset)
            if (!walker.hasHeader()) continue
            headers.push([walker.type, walker.bodyLength])
            walker.enterBody()
          }
        }
        expect(walker.atBoundary).toBe(true)
        expect(headers).toEqual(list.map(({ type, body }) => [type, body.length]))
      }),
      { numRuns: 300 },
    )
  })

  test.for([0, 3, -1, 0x7fffffff])('a length of %i is refused', (length) => {
    const bytes = Buffer.from([0x51, 0, 0, 0, 0])
    bytes.writeInt32BE(length, 1)
    expect(() => new FrameAssembler().read(bytes, () => true)).toThrow('announces a length')
  })

  test('a reader that has enough leaves the rest to the next one', () => {
    const bytes = encode([
      { type: 1, body: Buffer.from('a') },
      { type: 2, body: Buffer.from('b') },
    ])
    expect(new FrameAssembler().read(bytes, () => false)).toBe(6)
  })
})

describe('decoding', () => {
  const readable = fc.string().filter((text) => !text.includes('\0'))

  test('start-up parameters, parameter status and errors come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          readable.filter((text) => text !== ''),
          readable,
        ),
        (parameters) => {
          const packet = startup(parameters)
          expect(Object.fromEntries(decodeStartupParameters(packet.subarray(8)))).toEqual({ ...parameters })
        },
      ),
    )
    fc.assert(
      fc.property(readable, readable, (name, value) => {
        expect(decodeParameterStatus(parameterStatus(name, value).subarray(5))).toEqual({ name, value })
        expect(decodeServerMessage(fatal('08P01', value).subarray(5))).toMatchObject({
          severity: 'FATAL',
          code: '08P01',
          message: value,
        })
      }),
    )
  })

  test('texts of a Bind come back in order', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 })), (values) => {
        expect(decodeBindTexts(send.bind(values, 'statement', 'portal').subarray(5))).toEqual(values)
      }),
    )
  })

  test('garbage is an error or nonsense, never a hang', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const body = Buffer.from(bytes)
        for (const decode of [
          decodeBindTexts,
          decodeDataRow,
          decodeRowDescription,
          decodeParameterStatus,
          decodeServerMessage,
          decodeStartupParameters,
        ]) {
          try {
            decode(body)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('SCRAM-SHA-256', () => {
  const talk = async (server: ScramServer, client: ScramClient) => {
    const proof = server.final(await client.answer(server.first(client.first)))
    if (proof) client.verify(proof.finalMessage)
    return proof
  }

  test('the right password is accepted, and yields keys that log in elsewhere', async () => {
    const verifier = await makeVerifier('päss,word=')
    const proof = await talk(new ScramServer(verifier), new ScramClient({ kind: 'password', password: 'päss,word=' }))
    expect(proof).toBeDefined()
    // The client never told its password, but the same verifier upstream lets us in with what it proved.
    expect(await talk(new ScramServer(verifier), new ScramClient(proof!.secret))).toBeDefined()
  })

  test('a wrong password is refused', async () => {
    const verifier = await makeVerifier('right')
    expect(
      await talk(new ScramServer(verifier), new ScramClient({ kind: 'password', password: 'wrong' })),
    ).toBeUndefined()
  })

  test('a server that does not know the password is refused', async () => {
    const client = new ScramClient({ kind: 'password', password: 'right' })
    const server = new ScramServer({ ...(await makeVerifier('right')), serverKey: Buffer.alloc(32) })
    const proof = server.final(await client.answer(server.first(client.first)))
    expect(() => client.verify(proof!.finalMessage)).toThrow('does not know the password')
  })

  test.for(['n,,n=,r=', 'p=tls-server-end-point,,n=,r=abc', '', 'y'])(
    'a malformed first message is refused: %j',
    async (first) => {
      const verifier = await makeVerifier('x', 1)
      expect(() => new ScramServer(verifier).first(first)).toThrow('SCRAM')
    },
  )

  test('reads the verifier that PostgreSQL stores', () => {
    const stored = 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'
    expect(parseVerifier(stored)).toMatchObject({
      iterations: 4096,
      salt: Buffer.from('salt'),
      storedKey: Buffer.from('stored'),
      serverKey: Buffer.from('server'),
    })
    expect(parseVerifier('md5abc')).toBeUndefined()
  })

  test('a first message is never accepted twice with the same nonce', async () => {
    const verifier = await makeVerifier('x', 1)
    const client = new ScramClient({ kind: 'password', password: 'x' })
    const { first } = client
    expect(new ScramServer(verifier).first(first)).not.toBe(new ScramServer(verifier).first(first))
  })
})

test('cstrings end each text with a zero byte', () => {
  expect(cstrings('a', '')).toEqual(Buffer.from('a\0\0'))
})
