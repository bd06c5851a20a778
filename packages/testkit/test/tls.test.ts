import { useTestDatabase } from '@pooler-safe/tests/support'
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPooler, type Pooler } from '../src/index.ts'
import { sslRequest, startup } from '../src/wire/encode.ts'
import { RawClient } from './raw-client.ts'

const database = useTestDatabase()
let pooler: Pooler
beforeAll(async () => {
  pooler = await startPooler({ upstream: database.directUrl, poolSize: 2, tls: 'self-made' })
})
afterAll(() => pooler.stop())

const client = (ssl: pg.ClientConfig['ssl']): pg.Client => new pg.Client({ connectionString: pooler.url, ssl })

describe('TLS on request', () => {
  test('a client that trusts the self-made certificate verifies it and works', async () => {
    const secure = client({ ca: pooler.certificate, rejectUnauthorized: true })
    await secure.connect()
    for (let round = 0; round < 4; round += 1) {
      const { rows } = await secure.query<{ text: string }>('select repeat($1, 200000) as text', ['x'])
      expect(rows[0]?.text).toHaveLength(200_000)
    }
    await secure.end()
  })

  test('a client that does not trust it stays away, and others go on', async () => {
    await expect(client({ rejectUnauthorized: true }).connect()).rejects.toThrow(/self.signed|unable to verify/i)
    const plain = await RawClient.connect(pooler.url)
    expect(await plain.value('select 1')).toBe('1')
    await plain.end()
  })

  test('a wrong password is told through TLS', async () => {
    const url = pooler.url.replace(/:[^:@/]+@/, ':wrong@')
    const secure = new pg.Client({ connectionString: url, ssl: { ca: pooler.certificate } })
    await expect(secure.connect()).rejects.toThrow('SASL authentication failed')
  })

  test('bytes slipped in before the handshake are not read as if they were encrypted', async () => {
    const socket = connect({ host: '127.0.0.1', port: pooler.port })
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.write(Buffer.concat([sslRequest(), startup({ user: 'postgres' })]))
    await new Promise((resolve) => socket.once('close', resolve))
    expect(Buffer.concat(chunks).toString()).toBe('')
  })

  test('the certificate names localhost and loopback, and has its own key', () => {
    const certificate = new X509Certificate(pooler.certificate ?? '')
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })

  test('without a certificate a client is told that there is no TLS', async () => {
    await using plain = await startPooler({ upstream: database.directUrl })
    const secure = new pg.Client({ connectionString: plain.url, ssl: { rejectUnauthorized: false } })
    await expect(secure.connect()).rejects.toThrow('The server does not support SSL connections')
  })
})

test('two thousand idle clients cost less than 300 MB, their own side included', async () => {
  await using own = await startPooler({ upstream: database.directUrl, poolSize: 2, clientAuth: 'trust' })
  const before = process.memoryUsage().rss
  const clients: RawClient[] = []
  while (clients.length < 2_000) {
    clients.push(...(await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(own.url)))))
  }
  expect(own.clients()).toBe(2_000)
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(300)
  expect(await clients[1_999]?.value('select 1')).toBe('1')
  for (const { socket } of clients) socket.destroy()
})
