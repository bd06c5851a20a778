import { useTestDatabase } from '@pooler-safe/tests/support'
import fc from 'fast-check'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPooler, type Pooler } from '../src/index.ts'
import { message, startup } from '../src/wire/encode.ts'
import { RawClient, send } from './raw-client.ts'

/**
 * Broken clients and a broken upstream. The pooler may close what is broken; it may not crash, hang, or hand one
 * client's bytes to another. `POOLER_SAFE_FUZZ_RUNS` and `POOLER_SAFE_SEED` make it longer and different.
 */
const database = useTestDatabase()
const seed = Number(process.env['POOLER_SAFE_SEED'] ?? 20_261_124)
const numRuns = Number(process.env['POOLER_SAFE_FUZZ_RUNS'] ?? 250)

const types = fc.oneof(fc.constantFrom(...Buffer.from('QPBDESCHFXdcfp')), fc.integer({ min: 0, max: 255 }))

/** One frame: sound, with a body of garbage, with a wrong length, or no frame at all. */
const frame: fc.Arbitrary<Buffer> = fc.oneof(
  fc.constantFrom(
    send.query('select 1'),
    send.sync(),
    send.parse('select 1'),
    send.bind(),
    send.execute(),
    send.query('copy (select 1) to stdout'),
  ),
  fc
    .record({ type: types, body: fc.uint8Array({ maxLength: 40 }) })
    .map(({ type, body }) => message(type, Buffer.from(body))),
  fc
    .record({ type: types, length: fc.integer(), body: fc.uint8Array({ maxLength: 20 }) })
    .map(({ type, length, body }) => {
      const bytes = message(type, Buffer.from(body))
      bytes.writeInt32BE(length, 1)
      return bytes
    }),
  fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
)

const streams = fc.record({
  frames: fc.array(frame, { minLength: 1, maxLength: 12 }),
  cuts: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }),
})

async function writeInPieces(socket: Socket, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  let start = 0
  for (const cut of cuts) {
    socket.write(bytes.subarray(start, start + cut))
    start += cut
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (start < bytes.length) socket.write(bytes.subarray(start))
}

async function alive(pooler: Pooler): Promise<void> {
  const witness = await RawClient.connect(pooler.url)
  for (const index of [1, 2, 3]) {
    expect(await witness.ask(...[send.query(`select 'witness ${index}'`)])).toMatchObject({
      rows: [[`witness ${index}`]],
      types: 'TDCZ',
      errors: [],
    })
  }
  expect(witness.surplus).toBe(0)
  await witness.end()
}

describe('broken clients', () => {
  let pooler: Pooler
  beforeAll(async () => {
    pooler = await startPooler({ upstream: database.directUrl, poolSize: 2, clientLoginTimeoutMs: 1_000 })
  })
  afterAll(() => pooler.stop({ drainMs: 0 }))

  test('after log-in', { timeout: 300_000 }, async () => {
    const witness = await RawClient.connect(pooler.url)
    let count = 0
    await fc.assert(
      fc.asyncProperty(streams, async ({ frames, cuts }) => {
        const client = await RawClient.connect(pooler.url)
        client.socket.on('error', () => undefined)
        count += frames.length
        const written = writeInPieces(client.socket, Buffer.concat(frames), cuts)
        const text = `witness ${count}`
        expect((await witness.ask(send.query(`select '${text}'`))).rows).toEqual([[text]])
        await written
        client.socket.destroy()
      }),
      { numRuns, seed },
    )
    expect(witness.surplus).toBe(0)
    await witness.end()
    await alive(pooler)
    await expect.poll(() => pooler.clients()).toBe(0)
  })

  test('before log-in', { timeout: 300_000 }, async () => {
    const packets = fc.oneof(
      frame,
      fc
        .record({ length: fc.integer({ min: 0, max: 60 }), body: fc.uint8Array({ maxLength: 50 }) })
        .map(({ length, body }) => {
          const bytes = Buffer.alloc(4 + body.length)
          bytes.writeInt32BE(length)
          bytes.set(body, 4)
          return bytes
        }),
      fc.constant(startup({ user: 'postgres', database: 'postgres' })),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(packets, { minLength: 1, maxLength: 4 }), async (parts) => {
        const socket = connect(pooler.port, '127.0.0.1')
        socket.on('error', () => undefined).on('data', () => undefined)
        socket.end(Buffer.concat(parts))
        await new Promise((resolve) => socket.once('close', resolve))
      }),
      { numRuns, seed },
    )
    await alive(pooler)
  })
})

describe('a broken upstream', () => {
  let upstream: Server
  let pooler: Pooler
  let garbage: Buffer = Buffer.alloc(0)
  const welcome = Buffer.concat([
    Buffer.from('R\0\0\0\x08\0\0\0\0', 'latin1'),
    Buffer.from('K\0\0\0\x0c\0\0\0\x01\0\0\0\x02', 'latin1'),
    Buffer.from('Z\0\0\0\x05I', 'latin1'),
  ])

  beforeAll(async () => {
    // Says hello like a server, and garbage to everything after that.
    upstream = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        socket.write(welcome)
        socket.on('data', () => socket.write(garbage))
      })
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const { port } = upstream.address() as { port: number }
    pooler = await startPooler({
      upstream: `postgres://a:b@127.0.0.1:${port}/c?sslmode=disable`,
      clientAuth: 'trust',
      poolSize: 2,
      serverLoginRetryMs: 1,
    })
  })
  afterAll(async () => {
    await pooler.stop({ drainMs: 0 })
    await new Promise((resolve) => upstream.close(resolve))
  })

  test('costs the client that met it its connection, at worst', { timeout: 300_000 }, async () => {
    const letters = fc.oneof(
      fc.constantFrom(...Buffer.from('RKZTDCENSAGHWIVstn123cd')),
      fc.integer({ min: 0, max: 255 }),
    )
    const answers = fc.oneof(
      fc
        .record({ type: letters, body: fc.uint8Array({ maxLength: 30 }) })
        .map(({ type, body }) => message(type, Buffer.from(body))),
      fc.constant(Buffer.from('Z\0\0\0\x05I', 'latin1')),
      fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(answers, { minLength: 1, maxLength: 6 }), async (parts) => {
        garbage = Buffer.concat(parts)
        const client = await RawClient.connect(pooler.url)
        client.socket.on('error', () => undefined)
        client.write(send.query('select 1'))
        await Promise.race([
          client.closed,
          new Promise((resolve) => client.socket.once('data', resolve)),
          new Promise((resolve) => setTimeout(resolve, 15)),
        ])
        client.socket.destroy()
      }),
      { numRuns, seed },
    )
    // With a sound answer all is well again.
    garbage = Buffer.concat([Buffer.from('C\0\0\0\x0dSELECT 1\0', 'latin1'), Buffer.from('Z\0\0\0\x05I', 'latin1')])
    const client = await RawClient.connect(pooler.url)
    expect((await client.ask(send.query('select 1'))).types).toBe('CZ')
    client.socket.destroy()
  })
})
