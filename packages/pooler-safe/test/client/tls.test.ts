import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPgBouncer, startPgBouncer } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, SafeClient, wireGuard } from 'pooler-safe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()
const ssl = { rejectUnauthorized: false }

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}

describe.skipIf(!findPgBouncer() || !hasOpenssl())('over TLS (needs pgbouncer and openssl)', () => {
  let folder: string
  let proxy: TcpProxy
  let stop: () => Promise<unknown>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pooler-safe-tls-'))
    const key = join(folder, 'key.pem')
    const certificate = join(folder, 'certificate.pem')
    const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes']
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', certificate, ...subject], {
      stdio: 'ignore',
    })
    // PgBouncer runs as another user.
    await chmod(folder, 0o755)
    await chmod(key, 0o644)
    const pooler = await startPgBouncer({
      upstream: database.directUrl,
      config: { client_tls_sslmode: 'allow', client_tls_key_file: key, client_tls_cert_file: certificate },
    })
    stop = () => pooler.stop()
    proxy = await startTcpProxy(pooler.url)
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await stop()
    await rm(folder, { recursive: true })
  })

  test('queries, transactions and refusals work as without TLS', async () => {
    await using db = createDatabase({ url: proxy.url, ssl, max: 1, wireGuard: true })
    expect((await db.query('select $1::text as text', ['x'.repeat(100_000)])).rows).toEqual([
      { text: 'x'.repeat(100_000) },
    ])
    expect(await db.transaction((tx) => tx.query('select 1 as n'))).toMatchObject({ rows: [{ n: 1 }] })
    expect(await caught(db.query('listen x'))).toMatchObject({ code: 'POOLER_SAFE_SESSION_STATE' })
  })

  test('I1: the wire guard sees behind TLS, also when it is set before the client connects', async () => {
    for (const before of [true, false]) {
      const client = new pg.Client({ connectionString: proxy.url, ssl })
      client.on('error', () => undefined)
      if (before) wireGuard(client)
      await client.connect()
      const audit = wireGuard(client)
      expect((await client.query('select $1::int as n', [1])).rows).toEqual([{ n: 1 }])
      expect(audit.requests).toBe(1)
      expect(await caught(client.query({ name: 'job', text: 'select 1' }))).toMatchObject({
        code: 'POOLER_SAFE_WIRE_VIOLATION',
      })
      await client.end()
    }
  })

  test('H1: a CancelRequest goes over TLS, so that its key never travels in clear', async () => {
    await using db = createDatabase({ url: proxy.url, ssl, max: 1 })
    await db.query('select 1')
    const before = proxy.connections.length
    const first: Buffer[] = []
    proxy.onRequest = (chunk, connection) => {
      const index = proxy.connections.indexOf(connection)
      if (index >= before) first[index - before] ??= chunk
      return true
    }
    const error = await caught(db.query(`select pg_sleep(20)`, [], { timeoutMs: 100 }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed', cause: { code: '57014' } })
    proxy.onRequest = undefined
    const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
    expect(first).toHaveLength(1)
    expect(first[0]).toEqual(sslRequest)
  })

  test('a server without TLS is a typed error when TLS is asked for', async () => {
    await using db = createDatabase({ url: database.pooledUrl, ssl })
    expect(await caught(db.query('select 1'))).toMatchObject({
      code: 'POOLER_SAFE_CONNECT_FAILED',
      outcome: 'not-executed',
      message: expect.stringContaining('SSL') as string,
    })
    const client = new SafeClient({ connectionString: database.pooledUrl, ssl })
    expect((await caught(client.connect())).message).toMatch(/SSL/)
  })
})
