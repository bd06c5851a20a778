import { capabilities, readmeExamples } from '@pooler-safe/tests/support'
import { beforeEach, expect, test } from 'vitest'
import { printed } from './readme/setting.ts'

const { blocks, regions, docstrings } = readmeExamples(import.meta.dirname)
beforeEach(() => {
  printed.length = 0
})

test('every example of the README is one of the files that are type-checked and run here, and the reverse', () => {
  expect(new Set(blocks)).toEqual(new Set(regions.values()))
  expect([...regions.keys()].sort()).toEqual(['judged', 'leak', 'pgbouncer', 'vitest.test'])
})

test('every example of a docstring is an excerpt of one of them', () => {
  expect(docstrings.length).toBeGreaterThan(4)
  for (const example of docstrings) {
    expect(
      [...regions.values()].some((region) => region.includes(example)),
      example,
    ).toBe(true)
  }
})

test('leak: the second use of a name fails, neighbours ran on different backends, and the audit says who left what', async () => {
  await import('./readme/leak.ts')
  const [error, ...rest] = printed
  expect(error).toBe('error: prepared statement "answer" does not exist')
  const transactions = rest.slice(0, -1).map((line) => /^transaction \d+ on backend (\d+): /.exec(line)?.[1])
  expect(transactions).toHaveLength(3)
  expect(transactions.every((pid, index) => pid !== undefined && pid !== transactions[index - 1])).toBe(true)
  const audit = rest.at(-1)
  expect(audit).toMatch(/backends audited, \d dirty:/)
  expect(audit).toContain('setting search_path = tenant_7 (session-set)')
  expect(audit).toContain('prepared-statement answer')
  expect(audit).toMatch(/left by client 1 in transaction \d+: set search_path = tenant_7/)
})

test('judged: the report says which statement left what, and what to do instead', async () => {
  await import('./readme/judged.ts')
  for (const part of ['set-config-session', 'app.tenant', 'orders', 'seed 7'])
    expect(printed.join('\n')).toContain(part)
})

test.skipIf(!capabilities.pgbouncer)('pgbouncer: every backend is clean (needs pgbouncer)', async () => {
  await import('./readme/pgbouncer.ts')
  expect(printed).toEqual(['3 backends audited, all clean'])
})
