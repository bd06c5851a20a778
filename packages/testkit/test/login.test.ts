import { useTestDatabase } from '@pooler-safe/tests/support'
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPooler, type Pooler } from '../src/index.ts'
import { cstrings, int32, sslRequest, startup } from '../src/wire/encode.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase()

let pooler: Pooler
beforeAll(async () => {
  pooler = await startPooler({ upstream: database.directUrl, poolSize: 2, clientLoginTimeoutMs: 300 })
})
afterAll(() => pooler.stop())

const urlOf = (user: string, password: string, name = database.name): string =>
  `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${pooler.port}/${name}`

/** Everything a server says until it closes the socket. */
async function exchange(...parts: readonly Buffer[]): Promise<Buffer> {
  const socket = connect(pooler.port, '127.0.0.1')
  const said: Buffer[] = []
  socket.on('data', (chunk) => said.push(chunk)).on('error', () => undefined)
  socket.write(Buffer.concat(parts))
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(said)
}

describe('log-in', () => {
  test('with SCRAM-SHA-256', async () => {
    const client = await RawClient.connect(pooler.url)
    expect(await client.value('select current_user')).toBe('postgres')
    expect(client.parameters.get('server_version')).toBe(await client.value('show server_version'))
    await client.end()
  })

  test('a wrong password is refused in the words of PgBouncer', async () => {
    await expect(RawClient.connect(pooler.url, {}, 'wrong')).rejects.toThrow('FATAL 08P01: SASL authentication failed')
  })

  test('an unknown user is refused in the same words, after the same dialogue', async () => {
    await expect(RawClient.connect(urlOf('nobody_here', 'x'))).rejects.toThrow(
      'FATAL 08P01: SASL authentication failed',
    )
  })

  test('a role of the server logs in with its own password, though the pooler was not told it', async () => {
    await database.query(`create role passer login password 'sécret'`)
    const client = await RawClient.connect(urlOf('passer', 'sécret'))
    expect(await client.value('select current_user')).toBe('passer')
    await client.end()
    await expect(RawClient.connect(urlOf('passer', 'wrong'))).rejects.toThrow('SASL authentication failed')
    pooler.closeDatabase(database.name)
    await database.query('drop role passer')
  })

  test('trust asks clients for no password', async () => {
    await using open = await startPooler({ upstream: database.directUrl, clientAuth: 'trust' })
    const client = await RawClient.connect(open.url, {}, 'anything')
    expect(await client.value('select current_user')).toBe('postgres')
    await client.end()
  })

  test('upstream with md5 and clear-text passwords works as well', async () => {
    await database.query(`create role old_md5 login`)
    await database.query(
      `do $$ begin perform set_config('password_encryption', 'md5', true); alter role old_md5 password 'pw'; end $$`,
    )
    await using own = await startPooler({ upstream: database.directUrl, users: { old_md5: 'pw' } })
    const url = `postgres://old_md5:pw@127.0.0.1:${own.port}/${database.name}`
    // The server insists on SCRAM (pg_hba); with an md5 verifier that must fail with the server's own words.
    await expect(RawClient.connect(url)).rejects.toThrow(
      'FATAL 28P01: password authentication failed for user "old_md5"',
    )
    await database.query('drop role old_md5')
  })

  test('a database that does not exist is refused as PgBouncer 1.18 does', async () => {
    await expect(
      RawClient.connect(
        urlOf('postgres', '', 'nosuchdb').replace('postgres:@', pooler.url.split('//')[1]!.split('@')[0]! + '@'),
      ),
    ).rejects.toThrow('FATAL 08P01: database "nosuchdb" does not exist')
  })

  test('every client gets a key of its own, which no process of this machine has', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(pooler.url)))
    expect(new Set(clients.map(({ pid }) => pid)).size).toBe(3)
    for (const client of clients) {
      expect(client.pid).toBeGreaterThan(1 << 22)
      expect(await client.value(`select pg_backend_pid() = ${client.pid}`)).toBe('f')
      await client.end()
    }
  })

  test('users and databases have pools of their own', async () => {
    await database.query(`create role second login password 'pw'`)
    const first = await RawClient.connect(pooler.url)
    const second = await RawClient.connect(urlOf('second', 'pw'))
    const elsewhere = await RawClient.connect(pooler.urlFor('postgres'))
    expect(await first.value('select current_user')).toBe('postgres')
    expect(await second.value('select current_user')).toBe('second')
    expect(await elsewhere.value('select current_database()')).toBe('postgres')
    const pools = new Set(pooler.backends().map(({ user, database: name }) => `${user} ${name}`))
    expect([...pools]).toEqual(
      expect.arrayContaining([`postgres ${database.name}`, `second ${database.name}`, 'postgres postgres']),
    )
    for (const client of [first, second, elsewhere]) await client.end()
    pooler.closeDatabase(database.name)
    await database.query('drop role second')
  })
})

describe('start-up', () => {
  test.for(['statement_timeout', 'search_path', 'extra_float_digits', 'options', 'replication'])(
    '%s is refused as by PgBouncer 1.18',
    async (name) => {
      await expect(RawClient.connect(pooler.url, { [name]: '1' })).rejects.toThrow(
        `FATAL 08P01: unsupported startup parameter: ${name}`,
      )
    },
  )

  test('on request such parameters are dropped without a word', async () => {
    await using deaf = await startPooler({
      upstream: database.directUrl,
      ignoreStartupParameters: ['statement_timeout'],
    })
    const client = await RawClient.connect(deaf.url, { statement_timeout: '7777' })
    expect(await client.value('show statement_timeout')).toBe('0')
    await client.end()
    await expect(RawClient.connect(deaf.url, { search_path: 'x' })).rejects.toThrow(
      'unsupported startup parameter: search_path',
    )
  })

  test('TLS and GSS encryption are declined with N, and the client may go on', async () => {
    const said = await exchange(sslRequest(), Buffer.concat([int32(8), int32(80877104)]), startup({ user: '' }))
    expect(said.subarray(0, 2).toString()).toBe('NN')
    expect(said.toString()).toContain('no username supplied')
  })

  test('protocol 2 is refused, a newer minor version is negotiated down', async () => {
    const packet = (version: number, body: Buffer) => Buffer.concat([int32(8 + body.length), int32(version), body])
    expect((await exchange(packet(2 << 16, cstrings('')))).toString()).toContain('unsupported frontend protocol 2.0')
    const socket = connect(pooler.port, '127.0.0.1')
    socket.write(packet((3 << 16) | 2, cstrings('user', 'postgres', '_pq_.fancy', '1', '')))
    const said = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    expect(said[0]).toBe('v'.charCodeAt(0))
    expect(said.toString()).toContain('_pq_.fancy')
    socket.destroy()
  })

  test.for([
    ['nothing', Buffer.alloc(0)],
    ['half a packet', Buffer.from([0, 0, 0, 50, 0, 3, 0, 0])],
    ['a length that is too small', Buffer.from([0, 0, 0, 3, 0, 3, 0, 0])],
    ['a length that is too large', Buffer.from([127, 0, 0, 0, 0, 3, 0, 0])],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a start-up packet without end', startup({ user: 'postgres' }).subarray(0, -1)],
    ['a cancel request without key', Buffer.concat([int32(8), int32(80877102)])],
  ] as const)('%s ends with a closed socket', async ([, bytes]) => {
    await exchange(bytes)
    const client = await RawClient.connect(pooler.url)
    expect(await client.value('select 1')).toBe('1')
    await client.end()
  })

  test('a client that never finishes its log-in is told so', async () => {
    expect((await exchange(startup({ user: 'postgres' }))).toString()).toContain('client_login_timeout')
  })
})

describe('settings that follow the client', () => {
  test('five of them do, on every backend, and nothing is left behind', async () => {
    const berlin = await RawClient.connect(pooler.url, {
      application_name: 'berlin',
      TimeZone: 'europe/berlin',
      DateStyle: 'German',
    })
    const plain = await RawClient.connect(pooler.url)
    for (let round = 0; round < 6; round += 1) {
      expect(
        await berlin.value(
          `select concat_ws('|', current_setting('application_name'), current_setting('timezone'), current_setting('datestyle'))`,
        ),
      ).toBe('berlin|Europe/Berlin|German, DMY')
      expect(
        await plain.value(`select concat_ws('|', current_setting('timezone'), current_setting('datestyle'))`),
      ).toBe('UTC|ISO, MDY')
    }
    await berlin.end()
    await plain.end()
    expect((await pooler.audit()).every(({ clean }) => clean)).toBe(true)
  })

  test('a change by SET follows as well, and a rolled-back one does not', async () => {
    const client = await RawClient.connect(pooler.url, { application_name: '' })
    await client.value(`set time zone 'Asia/Tokyo'`)
    await client.ask(send.query(`begin; set application_name = 'lost'`))
    await client.ask(send.query('rollback'))
    for (let round = 0; round < 4; round += 1) {
      expect(await client.value(`select current_setting('timezone') || current_setting('application_name')`)).toBe(
        'Asia/Tokyo',
      )
    }
    await client.end()
  })

  test('a name with quotes and backslashes arrives as it is', async () => {
    const name = `it's a \\ "name"`
    const client = await RawClient.connect(pooler.url, { application_name: name })
    for (let round = 0; round < 3; round += 1) expect(await client.value('show application_name')).toBe(name)
    await client.end()
  })

  test('a value that PostgreSQL refuses ends the client, not the pooler', async () => {
    const client = await RawClient.connect(pooler.url, { TimeZone: 'Mars/Olympus' })
    client.write(send.query('select 1'))
    expect(await client.closed).toMatchObject([
      { code: '08P01', message: expect.stringContaining('invalid server parameter') as string },
    ])
    const other = await RawClient.connect(pooler.url)
    expect(await other.value('show timezone')).toBe('UTC')
    await other.end()
  })

  test('any other setting stays where it was set: that is the hazard', async () => {
    await using own = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const client = new pg.Client(own.url)
    await client.connect()
    await client.query(`set work_mem = '7MB'`)
    const seen = new Set<unknown>()
    for (let round = 0; round < 4; round += 1)
      seen.add((await client.query<{ work_mem: string }>('show work_mem')).rows[0]?.work_mem)
    await client.end()
    expect([...seen].sort()).toEqual(['4MB', '7MB'])
  })
})
