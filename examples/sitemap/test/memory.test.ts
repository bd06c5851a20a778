import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultMaxBytes, type ParsedSitemap } from '../src/parser/parse-sitemap.ts'

async function read(what: 'fifty' | 'bomb'): Promise<{ parsed: ParsedSitemap; growth: number }> {
  const child = fork(join(import.meta.dirname, 'fixtures/reader.ts'), [what], {
    execArgv: ['--conditions=@pooler-safe/source'],
  })
  const [message] = (await once(child, 'message')) as [{ parsed: ParsedSitemap; growth: number }]
  return message
}

test('(21) 50,000 URLs in 50 MB are read with less than 100 MB more memory', async () => {
  const { parsed, growth } = await read('fifty')
  expect(parsed).toMatchObject({ entries: 50_000, issues: [{ code: 'too_many_bytes' }] })
  expect(parsed.error).toBeUndefined()
  expect(growth).toBeLessThan(100e6)
}, 120_000)

test('(21) a gigabyte behind a megabyte of gzip is left at the limit, with less than 100 MB more memory', async () => {
  const { parsed, growth } = await read('bomb')
  expect(parsed).toMatchObject({ entries: 1, error: { code: 'too_large' } })
  expect(parsed.bytes).toBeLessThan(defaultMaxBytes + 1e6)
  expect(growth).toBeLessThan(100e6)
}, 120_000)
