import { createDatabase } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { thrown } from '../support/caught.ts'

const url = 'postgres://app:secret@db.example:6543/shop'
const create = (options: object): unknown => createDatabase({ url, ...options })

describe('createDatabase', () => {
  test.each([
    ['maximum', undefined],
    ['Max', 'max'],
    ['statementTimeoutMillis', undefined],
    ['statementTimeoutMS', 'statementTimeoutMs'],
    ['connectionString', 'url'],
    ['application_name', 'applicationName'],
    ['connectionTimeoutMillis', 'connectionTimeoutMs'],
    ['Client', undefined],
  ])('I9: the unknown option %s is refused', (key, meant) => {
    const error = thrown(() => create({ [key]: 1 }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_UNKNOWN_OPTION', outcome: 'not-executed' })
    expect(error.hint).toBe(meant ? `Did you mean "${meant}"?` : 'Remove it.')
  })

  test.each([
    ['statement_timeout', /"statementTimeoutMs"/],
    ['lock_timeout', /"lockTimeoutMs"/],
    ['idle_in_transaction_session_timeout', /"idleInTransactionTimeoutMs"/],
    ['options', /set local/],
    ['search_path', /set local search_path/],
    ['pipeline', /several clients/],
    ['binary', /text format/],
    ['native', /JavaScript client/],
  ])('I9: the unsafe option %s is refused, with what to use instead', (key, hint) => {
    const error = thrown(() => create({ [key]: true }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_UNSAFE_OPTION' })
    expect(error.hint).toMatch(hint)
  })

  test.each([
    ['max', 0],
    ['max', 1.5],
    ['statementTimeoutMs', -1],
    ['statementTimeoutMs', '5s'],
    ['lockTimeoutMs', 0.5],
    ['idleInTransactionTimeoutMs', Number.NaN],
    ['connectionTimeoutMs', 0],
    ['idleTimeoutMs', Infinity],
  ])('I9: %s: %s makes no sense and is refused', (key, value) => {
    expect(thrown(() => create({ [key]: value }))).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION' })
  })

  test('I9: a missing or wrong URL is refused, also as directUrl', () => {
    for (const wrong of [undefined, '', 'db.example', 'http://db.example']) {
      expect(thrown(() => create({ url: wrong }))).toMatchObject({ code: 'POOLER_SAFE_BAD_URL' })
    }
    expect(thrown(() => create({ url: undefined })).hint).toMatch(/environment variable/)
    expect(thrown(() => create({ directUrl: 'http://db.example' }))).toMatchObject({ code: 'POOLER_SAFE_BAD_URL' })
    expect(thrown(() => createDatabase(url as never))).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION' })
  })
})

test('I9: options of transaction() are checked before anything runs', async () => {
  await using db = createDatabase({ url })
  const wrong = [
    { isolation: 'read uncommitted' },
    { isolation: `serializable; drop table x` },
    { retries: -1 },
    { retries: 0.5 },
    { timeoutMs: 0 },
    { statementTimeoutMs: '1; drop table x' },
    { readonly: true },
  ]
  for (const options of wrong) {
    await expect(db.transaction(() => Promise.resolve(), options as never)).rejects.toMatchObject({
      code: expect.stringMatching(/POOLER_SAFE_(BAD|UNKNOWN)_OPTION/) as string,
      outcome: 'not-executed',
    })
  }
})

test('a query that is no query is refused before anything runs', async () => {
  await using db = createDatabase({ url })
  const wrong: unknown[][] = [
    [undefined],
    [null],
    [5],
    [{}],
    [{ text: 5 }],
    ['select 1', 'not an array'],
    ['select 1', [], { timeout: 5 }],
  ]
  for (const args of wrong) {
    await expect(db.query(...(args as [string]))).rejects.toMatchObject({
      code: expect.stringMatching(/POOLER_SAFE_(INVALID_QUERY|BAD_OPTION)/) as string,
      outcome: 'not-executed',
    })
  }
})
