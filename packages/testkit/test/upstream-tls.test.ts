import { chownSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPooler, startPostgres, type PostgresServer } from '../src/index.ts'
import { findServiceUser } from '../src/process/service-user.ts'
import { serverEndPoint } from '../src/wire/channel-binding.ts'
import { makeCertificate } from '../src/wire/self-made-certificate.ts'
import { SimpleClient } from '../src/wire/simple-client.ts'
import { RawClient, send } from './raw-client.ts'

/** A PostgreSQL with TLS, as hosted ones are; every log-in must be encrypted. */
const certificate = makeCertificate()
let directory: string
let postgres: PostgresServer

const file = (name: string): string => join(directory, name)
/** The server's address under a name of its certificate, so that `verify-full` has something to compare. */
const urlWith = (query: string, host = '127.0.0.1'): string =>
  `${postgres.url.replace('127.0.0.1', host)}${query === '' ? '' : `?${query}`}`

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pooler-safe-tls-'))
  chmodSync(directory, 0o755)
  writeFileSync(file('server.crt'), certificate.cert)
  writeFileSync(file('stranger.crt'), makeCertificate().cert)
  writeFileSync(file('server.key'), certificate.key, { mode: 0o600 })
  const user = findServiceUser()
  if (user) chownSync(file('server.key'), user.uid, user.gid)
  postgres = await startPostgres({
    settings: { ssl: 'on', ssl_cert_file: file('server.crt'), ssl_key_file: file('server.key') },
  })
}, 60_000)
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

const sslSql = 'select concat(ssl, version) from pg_stat_ssl where pid = pg_backend_pid()'

async function throughPooler(upstream: string, sql = sslSql): Promise<string | null> {
  await using pooler = await startPooler({ upstream, poolSize: 2 })
  const client = await RawClient.connect(pooler.url)
  try {
    return await client.value(sql)
  } finally {
    client.socket.destroy()
  }
}

describe('sslmode towards PostgreSQL', () => {
  test.each([
    ['nothing said', () => ''],
    ['prefer', () => 'sslmode=prefer'],
    ['require', () => 'sslmode=require'],
    ['no-verify, as node-postgres calls it', () => 'sslmode=no-verify'],
    ['verify-ca', () => `sslmode=verify-ca&sslrootcert=${file('server.crt')}`],
    ['verify-full', () => `sslmode=verify-full&sslrootcert=${file('server.crt')}`],
  ])('%s is encrypted where the server can', async (_, query) => {
    expect(await throughPooler(urlWith(query()))).toMatch(/^tTLSv1\.[23]$/)
  })

  test.each(['disable', 'allow'])('%s is not', async (mode) => {
    expect(await throughPooler(urlWith(`sslmode=${mode}`))).toBe('f')
  })

  test.each([
    ['verify-ca', 'self.signed|unable to verify'],
    ['verify-full', 'self.signed|unable to verify'],
  ])('%s refuses a certificate that nobody it knows has signed', async (mode, why) => {
    for (const root of ['', `&sslrootcert=${file('stranger.crt')}`]) {
      const failed = SimpleClient.connect(urlWith(`sslmode=${mode}${root}`))
      await expect(failed).rejects.toMatchObject({ code: 'connection-failed' })
      await expect(failed).rejects.toThrow(new RegExp(`^No TLS with .*(${why})`, 'i'))
    }
  })

  test('verify-full refuses a name that the certificate does not have, verify-ca does not', async () => {
    const query = `sslrootcert=${file('server.crt')}`
    // Another address of the loopback network reaches the server only if it listens there: take the name instead.
    const own = await startPooler({ upstream: urlWith(`sslmode=verify-ca&${query}`, 'localhost') })
    const client = await RawClient.connect(own.url)
    expect(await client.value(sslSql)).toMatch(/^t/)
    await client.end()
    await own.stop()
    const other = makeCertificate({ names: ['db.example'], addresses: [] })
    writeFileSync(file('other.crt'), other.cert)
    const server = tlsServer(other)
    const port = await server.listen()
    const url = `postgres://a:b@localhost:${port}/c?sslrootcert=${file('other.crt')}`
    await expect(SimpleClient.connect(`${url}&sslmode=verify-full`)).rejects.toThrow(/altnames|not in the cert/i)
    expect(server.names).toEqual(['localhost'])
    await server.close()
  })

  test('require fails where the server offers no TLS, and says so to the client in the detail', async () => {
    await using plain = await startPostgres()
    await using pooler = await startPooler({ upstream: `${plain.url}?sslmode=require` })
    await expect(startPostgres({ url: `${plain.url}?sslmode=require` })).rejects.toThrow(
      /^The server at 127\.0\.0\.1:\d+ offers no TLS, and sslmode is require\./,
    )
    await expect(RawClient.connect(pooler.url)).rejects.toMatchObject({
      sqlstate: '08P01',
      detail: expect.stringContaining('offers no TLS') as string,
    })
  })

  test('what libpq does not know is refused, and files that are not there are named', async () => {
    for (const query of ['sslmode=on', 'channel_binding=yes']) {
      await expect(startPooler({ upstream: urlWith(query) })).rejects.toMatchObject({ code: 'invalid-url' })
    }
    await expect(SimpleClient.connect(urlWith('sslmode=verify-ca&sslrootcert=/nowhere.pem'))).rejects.toThrow(
      'sslrootcert of the connection URL cannot be read: /nowhere.pem',
    )
  })

  test('a given server keeps its parameters on the way to the pooler', async () => {
    const query = `sslmode=verify-full&sslrootcert=${encodeURIComponent(file('server.crt'))}&channel_binding=require`
    const given = await startPostgres({ url: urlWith(query) })
    expect(given.url).toBe(urlWith(query))
    await using pooler = await startPooler({ upstream: given.url })
    expect(pooler.url).not.toContain('?')
    expect(await throughPooler(given.url)).toMatch(/^t/)
  })

  test('a cancel is encrypted as well', async () => {
    await using pooler = await startPooler({ upstream: urlWith('sslmode=require'), poolSize: 1 })
    const client = await RawClient.connect(pooler.url)
    const { host, port } = pooler
    const asked = client.ask(send.query('select pg_sleep(20)'))
    await expect.poll(() => pooler.backends().some(({ isBusy }) => isBusy)).toBe(true)
    const { cancelRequest } = await import('../src/wire/encode.ts')
    const { connect } = await import('node:net')
    const watcher = await SimpleClient.connect(postgres.url)
    await expect
      .poll(
        async () =>
          (
            await watcher.query(
              `select 1 from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`,
            )
          ).rows.length,
      )
      .toBe(1)
    connect(port, host).end(cancelRequest(client.pid, client.secretKey))
    expect((await asked).errors).toMatchObject([{ code: '57014' }])
    await watcher.close()
    await client.end()
  })
})

describe('SCRAM bound to the channel', () => {
  test('channel_binding=require is satisfied by TLS, and refused without it', async () => {
    expect(await throughPooler(urlWith('sslmode=require&channel_binding=require'))).toMatch(/^t/)
    await expect(SimpleClient.connect(urlWith('sslmode=disable&channel_binding=require'))).rejects.toMatchObject({
      code: 'authentication-failed',
    })
  })

  test('a man in the middle with a certificate of his own does not get the log-in through', async () => {
    const middle = tlsServer(makeCertificate(), { host: '127.0.0.1', port: postgres.port })
    const port = await middle.listen()
    const url = urlWith('sslmode=require').replace(`:${postgres.port}/`, `:${port}/`)
    // Without binding the log-in goes through him, and he reads along.
    const blind = await SimpleClient.connect(`${url}&channel_binding=disable`)
    await blind.close()
    await expect(SimpleClient.connect(url)).rejects.toThrow(/channel binding/i)
    await middle.close()
  })

  test('the binding is the hash that the signature of the certificate uses', () => {
    const der = Buffer.from(certificate.cert.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
    expect(serverEndPoint(der)).toHaveLength(32)
    for (const broken of [Buffer.alloc(0), der.subarray(0, 20), Buffer.from('3084ffffffff00', 'hex')]) {
      expect(serverEndPoint(broken)).toBeUndefined()
    }
  })
})

/** A server that agrees to TLS with a certificate; with `beyond` it passes on what it decrypts. */
function tlsServer(own: { key: string; cert: string }, beyond?: { host: string; port: number }) {
  const names: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((plain) => {
    sockets.add(plain)
    plain.on('error', () => undefined)
    plain.once('data', () => {
      plain.write('S')
      const secureContext = createSecureContext(own)
      const socket = new TLSSocket(plain, {
        isServer: true,
        secureContext,
        SNICallback: (name, done) => {
          names.push(name)
          done(null, secureContext)
        },
      })
      socket.on('error', () => undefined)
      if (beyond) void passOn(socket, beyond, sockets)
    })
  })
  return {
    names,
    listen: async (): Promise<number> => {
      await new Promise<void>((resolve) => server.listen(0, resolve))
      return (server.address() as { port: number }).port
    },
    close: async (): Promise<void> => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function passOn(socket: Socket, where: { host: string; port: number }, sockets: Set<Socket>): Promise<void> {
  const { openSocket } = await import('../src/wire/open-socket.ts')
  const { defaultTls } = await import('../src/wire/tls-settings.ts')
  const upstream = await openSocket({ ...where, tls: { ...defaultTls, mode: 'require' } }, (one) => sockets.add(one))
  upstream.on('error', () => undefined)
  socket.pipe(upstream)
  upstream.pipe(socket)
}
