import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'
import { thrown } from '../support/caught.ts'

const supabase = (port: number): string =>
  `postgres://postgres.abcdefghijkl:secret@aws-0-eu-central-1.pooler.supabase.com:${port}/postgres`
const neon = (suffix: string): string =>
  `postgres://app:secret@ep-cool-name-123456${suffix}.eu-central-1.aws.neon.tech/shop`

function warnings(options: { url: string; directUrl?: string }): Error[] {
  const seen: Error[] = []
  createDatabase({ ...options, onWarning: (warning) => seen.push(warning) })
  return seen
}

test('F5: swapped URLs are refused at construction, with what the ports mean', () => {
  const error = thrown(() => createDatabase({ url: supabase(5432), directUrl: supabase(6543) }))
  expect(error).toMatchObject({ code: 'POOLER_SAFE_WRONG_ENDPOINT', hazard: 'wrong-port', outcome: 'not-executed' })
  expect(error.message).toMatch(/swapped/)
  expect(error.hint).toMatch(/6543.*transaction.*5432.*session/)
  expect(error.message).not.toContain('secret')
  expect(thrown(() => createDatabase({ url: neon(''), directUrl: neon('-pooler') })).message).toMatch(/swapped/)
})

test('F5: a directUrl in transaction mode is refused', () => {
  expect(thrown(() => createDatabase({ url: supabase(6543), directUrl: supabase(6543) }))).toMatchObject({
    code: 'POOLER_SAFE_WRONG_ENDPOINT',
    message: expect.stringMatching(/^directUrl leads to/) as string,
  })
})

test('F5: a session-mode url is a warning, because it works but holds a backend per client connection', () => {
  expect(warnings({ url: supabase(5432) })).toEqual([
    expect.objectContaining({ code: 'POOLER_SAFE_WRONG_ENDPOINT', hazard: 'wrong-port' }),
  ])
})

test('F5: a warning that nobody asked for goes to the process', async () => {
  const warned = new Promise((resolve) => process.once('warning', resolve))
  createDatabase({ url: supabase(5432) })
  expect(await warned).toMatchObject({ code: 'POOLER_SAFE_WRONG_ENDPOINT', hazard: 'wrong-port' })
})

test('F5: right URLs, and those nobody documents, pass without a word', () => {
  expect(warnings({ url: supabase(6543), directUrl: supabase(5432) })).toEqual([])
  expect(warnings({ url: neon('-pooler'), directUrl: neon('') })).toEqual([])
  expect(warnings({ url: 'postgres://app@localhost:6432/shop', directUrl: 'postgres://app@localhost/shop' })).toEqual(
    [],
  )
  expect(
    warnings({ url: 'postgres://app@db.internal/shop', directUrl: 'postgres://app@pool.internal:6543/shop' }),
  ).toEqual([])
})
