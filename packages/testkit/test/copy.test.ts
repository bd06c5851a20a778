import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { startPooler } from '../src/index.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = await RawClient.connect(url)
    await client.value('create table line (id int, text text)')
    await client.end()
  },
})

const megabyte = 1024 * 1024

/** Lines of COPY data, about 64 KB. */
const block = Buffer.from(`1\t${'x'.repeat(1_000)}\n`.repeat(64))

async function sendCopy(client: RawClient, bytes: number): Promise<number> {
  client.write(send.query('copy line from stdin'))
  await client.seen('G')
  let lines = 0
  for (let sent = 0; sent < bytes; sent += block.length) {
    lines += 64
    if (!client.socket.write(send.copyData(block))) await once(client.socket, 'drain')
  }
  const answer = await client.ask(send.copyDone())
  expect(answer).toMatchObject({ errors: [], status: 'I' })
  return lines
}

forEachPooler(database, (pooler) => {
  test('COPY goes in and out', async () => {
    const client = await RawClient.connect(pooler.url)
    await client.ask(send.query('truncate line'))
    expect(
      (await client.ask(send.query('copy line from stdin'), send.copyData('1\ta\n2\tb\n'), send.copyDone())).types,
    ).toBe('GCZ')
    expect((await client.ask(send.query('copy line to stdout'))).types).toBe('HddcCZ')
    await client.end()
  })

  test('COPY in the extended protocol, with its Sync sent ahead of the data', async () => {
    const client = await RawClient.connect(pooler.url)
    await client.ask(send.query('truncate line'))
    client.write(send.parse('copy line from stdin'), send.bind(), send.execute(), send.sync())
    await client.seen('G')
    expect((await client.ask(send.copyData('1\ta\n'), send.copyDone(), send.sync())).types).toBe('12GCZ')
    expect(await client.value('select count(*) from line')).toBe('1')
    await client.end()
  })

  test('CopyFail, and data that PostgreSQL refuses, end the COPY and not the client', async () => {
    const client = await RawClient.connect(pooler.url)
    await client.ask(send.query('truncate line'))
    const failed = await client.ask(
      send.query('copy line from stdin'),
      send.copyData('1\ta\n'),
      send.copyFail('changed my mind'),
    )
    expect(failed.errors).toMatchObject([{ code: '57014', message: 'COPY from stdin failed: changed my mind' }])
    client.write(send.query('copy line from stdin'), send.copyData('no number\n'))
    expect((await client.answer()).errors).toMatchObject([{ code: '22P02' }])
    // The client did not know yet, and went on: PostgreSQL ignores that.
    expect(
      (await client.ask(send.copyData('1\tb\n'), send.copyDone(), send.query('select count(*) from line'))).rows,
    ).toEqual([['0']])
    await client.end()
  })
})

test('240 MB of COPY each way go through with flat memory', { timeout: 120_000 }, async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
  const client = await RawClient.connect(pooler.url)
  await client.ask(send.query('truncate line'))
  let peak = 0
  const before = process.memoryUsage().rss
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20)
  const lines = await sendCopy(client, 240 * megabyte)
  expect(await client.value('select count(*) from line')).toBe(String(lines))
  // A reader that keeps nothing: what is measured is the pooler.
  let bytes = 0
  const { socket } = client
  socket.removeAllListeners('data')
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      // Slower than the backend: without backpressure the difference would pile up in the pooler.
      socket.pause()
      setTimeout(() => socket.resume(), chunk.length > 30_000 ? 1 : 0)
      if (chunk.subarray(-6).equals(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]))) resolve()
    })
  })
  client.write(send.query('copy line to stdout'))
  await done
  clearInterval(timer)
  expect(bytes).toBeGreaterThan(240 * megabyte)
  // Garbage that is not collected yet counts as well; what piled up would be most of the 240 MB.
  expect((peak - before) / megabyte).toBeLessThan(150)
  socket.destroy()
})

test('a row of 65 MB passes, and so does a statement of that size', { timeout: 120_000 }, async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
  const client = await RawClient.connect(pooler.url)
  expect((await client.value(`select repeat('x', ${65 * megabyte})`))?.length).toBe(65 * megabyte)
  expect(await client.value(`select length('${'y'.repeat(65 * megabyte)}')`)).toBe(String(65 * megabyte))
  const recorded = pooler.recording.statements({ sql: 'select length' })[0]?.statement.sql
  expect(recorded?.length).toBe(pooler.recording.limits.maxSqlBytes)
  await client.end()
})

test('a client that never reads is not read for, and stops nobody', { timeout: 60_000 }, async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
  const deaf = await RawClient.connect(pooler.url)
  const other = await RawClient.connect(pooler.url)
  deaf.socket.pause()
  const before = process.memoryUsage().rss
  // 400 answers of one megabyte each, asked for ahead.
  deaf.write(...Array.from({ length: 400 }, () => send.query(`select repeat('x', ${megabyte})`)))
  for (let round = 0; round < 200; round += 1) expect(await other.value('select 1')).toBe('1')
  expect((process.memoryUsage().rss - before) / megabyte).toBeLessThan(100)
  deaf.socket.destroy()
  await other.end()
})
