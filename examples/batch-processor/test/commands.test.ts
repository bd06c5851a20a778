import { describe, expect, test } from 'vitest'
import { homePageProcessor, type ProcessContext } from '../src/index.ts'
import { readCommand } from '../src/commands/command-line.ts'
import { titleOf } from '../src/home-page.ts'
import { loopbackClient, startWeb } from './web.ts'

describe('the command line', () => {
  test('is read completely, and a mistake is an error with the way to the help', () => {
    expect(readCommand([])).toEqual({ action: 'help' })
    expect(readCommand(['sites.csv', '--column', '2', '--concurrency', '5', '--detach'])).toMatchObject({
      action: 'run',
      file: 'sites.csv',
      input: 'csv',
      column: 2,
      detach: true,
      batch: { maxConcurrent: 5 },
    })
    expect(readCommand(['sites.json'])).toMatchObject({ input: 'json' })
    expect(readCommand(['-', '--input', 'csv', '--column', 'url'])).toMatchObject({
      file: '-',
      input: 'csv',
      column: 'url',
    })
    expect(readCommand(['export', 'x', '--format', 'ndjson'])).toEqual({
      action: 'export',
      id: 'x',
      format: 'ndjson',
      demo: false,
    })
    expect(readCommand(['--demo'])).toMatchObject({ action: 'run', file: undefined, demo: true })
    for (const args of [
      ['--concurency', '5', 'x.csv'],
      ['x.csv', '--concurrency', 'many'],
      ['x.csv', '--format', 'xlsx'],
      ['x.csv', 'y.csv'],
      ['status'],
      ['status', 'a', 'b'],
    ]) {
      expect(() => readCommand(args), args.join(' ')).toThrow(expect.objectContaining({ code: 'USAGE' }))
    }
  })
})

describe('the home page', () => {
  test('is read where the input says, and by its host otherwise: https first, then http', async () => {
    await using web = await startWeb(() => ({ title: 'Caf\u00e9 &amp; Bar &#x1F600; <b>' }))
    const client = loopbackClient(web.port)
    const asked: string[] = []
    const process = homePageProcessor({
      fetch: (url, options) => {
        asked.push(url)
        if (url.startsWith('https:')) return Promise.reject(Object.assign(new Error('refused'), { code: 'connect' }))
        return client.fetch(url, options)
      },
    })
    const context = { signal: new AbortController().signal } as ProcessContext
    const item = { batchId: '', tenantId: '' as never, ordinal: 1, attempt: 1 }
    const page = await process({ ...item, input: 'www.one.test', host: 'one.test' }, context)
    expect(page).toMatchObject({ url: 'http://one.test/', status: 200, title: 'Café & Bar 😀 <b>' })
    await process({ ...item, input: web.url('two.test'), host: 'two.test' }, context)
    expect(asked).toEqual(['https://one.test/', 'http://one.test/', web.url('two.test')])
    expect(web.seen.map(({ path }) => path)).toEqual(['/', '/'])
  })

  test('that is no HTML is a failure, not a page', async () => {
    await using web = await startWeb(() => ({ type: 'application/pdf' }))
    const process = homePageProcessor(loopbackClient(web.port))
    const item = {
      batchId: '',
      tenantId: '' as never,
      ordinal: 1,
      attempt: 1,
      input: web.url('x.test'),
      host: 'x.test',
    }
    await expect(process(item, { signal: new AbortController().signal } as ProcessContext)).rejects.toMatchObject({
      code: 'not_html',
      retryable: false,
    })
  })

  test('titles are the first one, decoded, of bounded length, and can always be stored', () => {
    expect(titleOf('<TITLE lang="de">\n A  b </title><title>c</title>')).toBe('A b')
    expect(titleOf('<title></title>')).toBeNull()
    expect(titleOf('<p>no title</p>')).toBeNull()
    expect(titleOf('<title>&#0;nul\0 &#x110000; &#xd800; &nosuch;</title>')).toBe('&#0;nul &#x110000; \ufffd &nosuch;')
    expect(titleOf(`<title>${'x'.repeat(5_000)}`)).toHaveLength(500)
  })
})
