import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database, type SessionSettings } from 'pooler-safe'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { caught, thrown } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

// Roles belong to the whole server, where other test files have theirs.
const role = `reader_${process.pid}`
const other = `writer_${process.pid}`
const database = useTestDatabase({
  prepare: prepared(`
    create table item (id int primary key);
    create role ${role};
    create role ${other};
    grant select, insert on item to ${role}, ${other};
  `),
})
afterAll(() => database.query(`drop owned by ${role}, ${other}; drop role ${role}, ${other}`))

const inForce = `select current_user::text as who, current_setting('app.tenant', true) as tenant,
  current_setting('request.jwt.claims', true) as claims, current_setting('statement_timeout') as timeout`
const nothing = { tenant: expect.toBeOneOf([null, '']), claims: expect.toBeOneOf([null, '']), timeout: '0' }

function settings(url: () => string): void {
  let proxy: TcpProxy
  let db: Database
  let login: string
  beforeAll(async () => {
    proxy = await startTcpProxy(url())
    db = createDatabase({ url: proxy.url, max: 2, wireGuard: true })
    login = (await database.query<{ who: string }>('select current_user::text as who')).rows[0]!.who
  })
  beforeEach(async () => {
    await database.query('truncate item')
    await db.query('select 1')
    proxy.forget()
  })
  afterAll(async () => {
    await db.close()
    await proxy[Symbol.asyncDispose]()
  })
  const leftNothing = async (): Promise<void> => {
    const seen = await Promise.all(Array.from({ length: 12 }, () => db.query(inForce)))
    for (const { rows } of seen) expect(rows).toEqual([{ who: login, ...nothing }])
  }

  test('I7: settings, the proof that they are in force, and the query are one write', async () => {
    const session = db.withSettings({
      role,
      'app.tenant': 'a',
      'request.jwt.claims': { sub: 7, name: `o'hara "\\` },
      statementTimeoutMs: 1_500,
    })
    const { rows } = await session.query(`${inForce} where $1`, [true])
    expect(rows).toEqual([{ who: role, tenant: 'a', claims: `{"sub":7,"name":"o'hara \\"\\\\"}`, timeout: '1500ms' }])
    expect(proxy.writes()).toEqual(['PBEPBEPBDES'])
    await leftNothing()
  })

  test('I7: no value of a setting is part of a text', async () => {
    const value = `'); drop table item; --`
    const { rows } = await db.withSettings({ 'app.tenant': value }).query(inForce)
    expect(rows[0]).toMatchObject({ tenant: value })
    const texts = proxy.connections.flatMap(({ messages }) =>
      messages.filter(({ type }) => type === 'P' || type === 'Q').map(({ body }) => body.toString('utf8')),
    )
    expect(texts.join()).not.toContain('drop table')
  })

  test('I7: batch, executeMany and transaction run under the settings, and nobody else', async () => {
    const session = db.withSettings({ role, 'app.tenant': 'b' })
    const [first, second] = await session.batch([inForce, inForce])
    expect([first.rows[0], second.rows[0]]).toMatchObject([{ who: role }, { who: role, tenant: 'b' }])
    const many = await session.executeMany<{ t: string }>(
      `insert into item values ($1) returning current_setting('app.tenant') as t`,
      [[1], [2]],
    )
    expect(many.rows).toEqual([{ t: 'b' }, { t: 'b' }])
    expect(proxy.writes()).toEqual(['PBEPBEPBDEBES', 'PBEPBEPBDEBES'])
    proxy.forget()
    await session.transaction(async (tx) => {
      expect((await tx.query(inForce)).rows[0]).toMatchObject({ who: role, tenant: 'b' })
      expect((await tx.query(inForce)).rows[0]).toMatchObject({ who: role, tenant: 'b' })
    })
    expect(proxy.writes()).toEqual(['PBEPBEPBEPBDES', 'PBDES', 'Q'])
    await leftNothing()
  })

  test('a batch under settings counts only its own statements', async () => {
    const session = db.withSettings({ role, 'app.tenant': 'b' })
    expect(await caught(session.batch(['select 1', 'select 1 / 0']))).toMatchObject({ index: 1, phase: 'statement' })
    expect(await caught(session.query('select 1 / 0'))).toMatchObject({ code: '22012', name: 'error' })
    expect(await caught(session.executeMany('insert into item values ($1)', [[1], [1]]))).toMatchObject({ index: 1 })
    await leftNothing()
  })

  test('settings of a session inside another add up, and the inner ones win', async () => {
    const outer = db.withSettings({ role, 'app.tenant': 'outer', 'app.other': 1 })
    const { rows } = await outer
      .withSettings({ 'app.tenant': 'inner' })
      .query(inForce.replace('select', `select current_setting('app.other') as other,`))
    expect(rows).toMatchObject([{ who: role, tenant: 'inner', other: '1' }])
  })

  test('I7: inside a transaction the settings before are back behind each call', async () => {
    await db.withSettings({ 'app.tenant': 'outer' }).transaction(async (tx) => {
      const inner = tx.withSettings({ role, 'app.tenant': 'inner', 'request.jwt.claims': '{}' })
      const outside = { who: login, tenant: 'outer', claims: expect.toBeOneOf([null, '']) }
      const inside = { who: role, tenant: 'inner', claims: '{}' }
      expect((await inner.query(inForce)).rows[0]).toMatchObject(inside)
      expect((await tx.query(inForce)).rows[0]).toMatchObject(outside)
      expect((await inner.batch([inForce]))[0].rows[0]).toMatchObject(inside)
      expect((await tx.query(inForce)).rows[0]).toMatchObject(outside)
      await inner.transaction(async (deep) => {
        expect((await deep.query(inForce)).rows[0]).toMatchObject(inside)
        expect((await deep.withSettings({ 'app.tenant': 'deep' }).query(inForce)).rows[0]).toMatchObject({
          ...inside,
          tenant: 'deep',
        })
        expect((await deep.query(inForce)).rows[0]).toMatchObject(inside)
      })
      expect((await tx.query(inForce)).rows[0]).toMatchObject(outside)
      await caught(inner.transaction((deep) => deep.query('select 1 / 0')))
      expect((await tx.query(inForce)).rows[0]).toMatchObject(outside)
      const [mixed, own] = await Promise.all([inner.query(inForce), tx.query(inForce)])
      expect([mixed.rows[0], own.rows[0]]).toMatchObject([inside, outside])
    })
    await leftNothing()
  })

  test('I7: settings that something on the way dropped keep the query from running', async () => {
    const session = db.withSettings({ role, 'app.tenant': 'tenant_a' })
    for (const [asked, applied] of [
      ['tenant_a', 'tenant_b'],
      [role, other],
    ] as const) {
      proxy.onRequest = (chunk, { server }) => {
        // The first place is where it is set; where it is proven stays as it was.
        const at = chunk.indexOf(asked)
        if (at < 0) return true
        const altered = Buffer.from(chunk)
        altered.write(applied, at)
        server.write(altered)
        return false
      }
      for (const attempt of [
        () => session.query('insert into item values (1)'),
        () => session.batch(['insert into item values (1)']),
        () => session.transaction((tx) => tx.query('insert into item values (1)')),
      ]) {
        expect(await caught(attempt())).toMatchObject({
          code: 'POOLER_SAFE_SETTINGS',
          hazard: 'tenant-context-leak',
          outcome: 'not-executed',
          message: expect.stringContaining('not in force'),
        })
      }
      proxy.onRequest = undefined
      expect((await database.query('select * from item')).rows).toEqual([])
    }
    await session.query('select 1')
  })

  test('a role that does not exist or that may not be taken is refused by the server, and nothing runs', async () => {
    const session = db.withSettings({ role: 'nobody_at_all' })
    for (const attempt of [
      () => session.query('insert into item values (1)'),
      () => session.batch(['insert into item values (1)']),
      () => session.transaction((tx) => tx.query('insert into item values (1)')),
    ]) {
      const error = await caught(attempt())
      expect(error).toMatchObject({ code: 'POOLER_SAFE_SETTINGS', outcome: 'not-executed' })
    }
    expect((await database.query('select * from item')).rows).toEqual([])
  })

  test('roles outside of the allow-list, unknown settings and empty values are refused at once', async () => {
    await using strict = createDatabase({ url: proxy.url, max: 1, roles: [role] })
    expect((await strict.withSettings({ role }).query(inForce)).rows).toMatchObject([{ who: role }])
    const refused: [unknown, RegExp][] = [
      [{ role: login }, /not among the roles/],
      [{ role: 'none' }, /must be the name of a role/],
      [{ role: 7 }, /must be the name of a role/],
      [{ session_authorization: login }, /not a setting/],
      [{ 'app.tenant; drop': 'x' }, /not a setting/],
      [{ 'app.tenant': undefined }, /no value/],
      [{ 'app.tenant': null }, /no value/],
      [{ 'app.tenant': () => 1 }, /no value/],
      [{ 'app.tenant': 'a\0b' }, /NUL/],
      [{ 'app.tenant': 'a', 'App.Tenant': 'b' }, /twice/],
      [{ statementTimeoutMs: -1 }, /statementTimeoutMs/],
      [{}, /at least one/],
      [null, /must be an object/],
      [['role'], /must be an object/],
    ]
    for (const [input, message] of refused) {
      const error = thrown(() => strict.withSettings(input as SessionSettings))
      expect(error).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION', outcome: 'not-executed' })
      expect(error.message).toMatch(message)
    }
    await strict.transaction((tx) => {
      expect(thrown(() => tx.withSettings({ role: login })).message).toMatch(/not among the roles/)
      return Promise.resolve()
    })
  })

  test('what cannot run in a transaction cannot run under settings', async () => {
    const session = db.withSettings({ 'app.tenant': 'a' })
    proxy.forget()
    expect(await caught(session.query('vacuum item'))).toMatchObject({ code: 'POOLER_SAFE_NO_TRANSACTION' })
    expect(await caught(session.query('set role admin'))).toMatchObject({ code: 'POOLER_SAFE_SESSION_STATE' })
    expect(await caught(session.query('copy item from stdin'))).toMatchObject({ code: 'POOLER_SAFE_COPY' })
    expect(await caught(session.query('commit'))).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_CONTROL' })
    expect(proxy.writes()).toEqual([])
  })
}

describe('directly', () => settings(() => database.directUrl))
forEachPooler(database, (pooler) => settings(() => pooler.url))
