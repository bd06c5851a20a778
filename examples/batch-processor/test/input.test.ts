import { describe, expect, test } from 'vitest'
import { csvLines, streamedTextLines, type InputLine, type NewBatch } from '../src/index.ts'
import { useBatchDatabase, useBatches } from './batch-database.ts'

const database = useBatchDatabase()
const under = useBatches(() => database.pooledUrl)

async function* parts(...texts: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const text of texts) yield await Promise.resolve(text)
}

async function all(lines: AsyncIterable<InputLine>): Promise<InputLine[]> {
  const read: InputLine[] = []
  for await (const line of lines) read.push(line)
  return read
}

const items = async (id: string) =>
  (await under.batches.listBatchItems(under.database, under.tenant, id, { limit: 500 })).items

describe('(11) spellings of one site', () => {
  test('scheme, case, www, port, path, trailing dot and IDN collapse into one item; the report says which line', async () => {
    const { batch, report } = await under.batches.initiateBatchProcessing(
      under.database,
      under.tenant,
      [
        'example.com',
        'https://www.Example.com:443/x',
        'EXAMPLE.com.',
        'http://user@example.com/?q',
        'bücher.example',
        'xn--bcher-kva.example',
        'HTTPS://WWW.BÜCHER.EXAMPLE',
        'shop.example.com',
        'www.example.com',
      ].join('\n'),
    )
    expect((await items(batch.id)).map(({ ordinal, host }) => [ordinal, host])).toEqual([
      [1, 'example.com'],
      [5, 'xn--bcher-kva.example'],
      [8, 'shop.example.com'],
    ])
    expect(report).toMatchObject({ kept: 3, invalid: 0, duplicate: 6 })
    expect(report.rejected.map(({ line, verdict, reason }) => [line, verdict, reason])).toEqual([
      [2, 'duplicate', 'The site example.com is in line 1 already.'],
      [3, 'duplicate', 'The site example.com is in line 1 already.'],
      [4, 'duplicate', 'The site example.com is in line 1 already.'],
      [6, 'duplicate', 'The site xn--bcher-kva.example is in line 5 already.'],
      [7, 'duplicate', 'The site xn--bcher-kva.example is in line 5 already.'],
      [9, 'duplicate', 'The site example.com is in line 1 already.'],
    ])
  })

  test('across chunks of a streamed input as well', async () => {
    const lines = Array.from({ length: 2_500 }, (_, n) => `site-${n % 1_200}.test\n`)
    const { batch, report } = await under.batches.importBatchWithOwnSession(
      under.tenant,
      streamedTextLines(parts(lines.join(''))),
    )
    expect(report).toMatchObject({ kept: 1_200, invalid: 0, duplicate: 1_300 })
    expect(batch).toMatchObject({ sealed: true, state: 'queued', counts: { total: 1_200, queued: 1_200 } })
    const page = await under.batches.listRejectedLines(under.database, under.tenant, batch.id, {
      limit: 1,
      after: 2_400,
    })
    expect(page).toMatchObject({
      items: [{ line: 2_401, reason: 'The site site-0.test is in line 1 already.' }],
      next: 2_401,
    })
  })
})

describe('text and JSON', () => {
  test('empty lines and remarks are no lines; a BOM and any line break are read', async () => {
    const { batch, report } = await under.batches.initiateBatchProcessing(
      under.database,
      under.tenant,
      '\uFEFFone.test\r\n\r\n# remark\r\n  two.test  \n\nthree.test',
    )
    expect(report).toMatchObject({ kept: 3, invalid: 0, duplicate: 0 })
    expect((await items(batch.id)).map(({ ordinal, host }) => [ordinal, host])).toEqual([
      [1, 'one.test'],
      [4, 'two.test'],
      [6, 'three.test'],
    ])
  })

  test('a JSON array holds texts, or objects with a usual name; anything else is an invalid line with its reason', async () => {
    const { report } = await under.batches.initiateBatchProcessing(
      under.database,
      under.tenant,
      JSON.stringify(['one.test', { url: 'https://two.test/x' }, { website: 'three.test' }, { name: 'four' }, 5, null]),
    )
    expect(report).toMatchObject({ kept: 3, invalid: 3 })
    expect(report.rejected.map(({ line, input }) => [line, input])).toEqual([
      [4, '{"name":"four"}'],
      [5, '5'],
      [6, 'null'],
    ])
  })

  test('an input without a site makes no batch', async () => {
    const before = await under.batches.listBatches(under.database, under.tenant)
    for (const input of ['', '\n\n', '[]', 'no site\nat all', ['', ' ']]) {
      await expect(under.batches.initiateBatchProcessing(under.database, under.tenant, input)).rejects.toMatchObject({
        code: 'BATCH_EMPTY',
      })
    }
    await expect(
      under.batches.initiateBatchProcessing(under.database, under.tenant, '["one.test"'),
    ).rejects.toMatchObject({
      code: 'BATCH_INPUT_INVALID',
    })
    expect(await under.batches.listBatches(under.database, under.tenant)).toEqual(before)
  })

  test('hostile lines are reported, not stored as something else', async () => {
    const { report } = await under.batches.initiateBatchProcessing(under.database, under.tenant, [
      'fine.test',
      'nul\0.test',
      '\ud800.test',
      `${'x'.repeat(3_000)}.test`,
      '../../etc/passwd',
      "'; drop table domain_batches; --",
    ])
    expect(report).toMatchObject({ kept: 1, invalid: 5 })
    expect(report.rejected[0]!.input).toBe('nul\ufffd.test')
  })
})

describe('CSV', () => {
  const read = (text: string, options = {}) => all(csvLines(parts(text), options))

  test('the column is found by its name, whatever the delimiter', async () => {
    for (const [delimiter, text] of [
      [',', 'name,Website,city\r\n"Doe, Jane",doe.test,Graz\r\nRoe,roe.test,"Wien\nOst"\r\nPoe,poe.test,\r\n'],
      [';', '\uFEFFname;Website;city\n"Doe; Jane";doe.test;Graz\nRoe;roe.test;"Wien\nOst"\nPoe;poe.test;\n'],
      ['\t', 'name\tWebsite\tcity\nDoe\tdoe.test\tGraz\nRoe\troe.test\t"Wien\nOst"\nPoe\tpoe.test\t\n'],
    ]) {
      expect(
        (await read(text!)).map((one) => one.text),
        delimiter,
      ).toEqual(['doe.test', 'roe.test', 'poe.test'])
    }
  })

  test('without a header the first column is it; another can be named or numbered', async () => {
    const texts = async (text: string, options = {}) => (await read(text, options)).map((one) => one.text)
    expect(await texts('one.test,1\ntwo.test,2\n')).toEqual(['one.test', 'two.test'])
    expect(await texts('1,one.test\n2,two.test\n', { column: 2 })).toEqual(['one.test', 'two.test'])
    expect(await texts('id,seite\n1,one.test\n', { column: 2 })).toEqual(['one.test'])
    expect(await texts('id,seite\n1,one.test\n', { column: 'Seite' })).toEqual(['one.test'])
    await expect(read('id,seite\n', { column: 'page' })).rejects.toMatchObject({ code: 'BATCH_INPUT_INVALID' })
    await expect(read('id,seite\n', { column: 3 })).rejects.toMatchObject({ code: 'BATCH_INPUT_INVALID' })
  })

  test('a record that cannot be read is a line of the report, and those around it are kept', async () => {
    const text = `domain,note\none.test,fine\ntwo.test,"${'x'.repeat(200)}\n,only a note\nthree.test,"quoted ""well"""\n`
    const { report } = await under.batches.importBatchWithOwnSession(
      under.tenant,
      csvLines(parts('domain\none.test\n,x\n\ntwo.test\n')),
    )
    expect(report).toMatchObject({ kept: 2, invalid: 1 })
    expect((await read(text)).some((one) => one.text === 'one.test')).toBe(true)
  })

  test.each([
    ['a quote that ends in the middle of a field', '"broken" quote,two.test'],
    ['a quote that is never closed', '"open,two.test'],
  ])('%s costs its line and no other', async (_, bad) => {
    const lines = [
      'note,domain',
      'fine,one.test',
      bad,
      ...Array.from({ length: 300 }, (__, n) => `"x",after-${n}.test`),
    ]
    const found = await read(`${lines.join('\n')}\n`)
    expect(found).toHaveLength(302)
    expect(found.filter(({ problem }) => problem !== undefined).map(({ line }) => line)).toEqual([3])
    expect(found.at(-1)).toEqual({ line: 303, text: 'after-299.test' })
  })

  test('bytes are read as they come, cut anywhere, also inside a character', async () => {
    const bytes = Buffer.from('domain,note\r\nbücher.test,"Bücher, €"\r\nzwei.test,ü\r\n')
    const cut = Array.from(bytes, (byte) => Uint8Array.of(byte))
    expect((await all(csvLines(parts(...cut)))).map((one) => one.text)).toEqual(['bücher.test', 'zwei.test'])
    const text = Array.from(Buffer.from('bücher.test\nzwei.test'), (byte) => Uint8Array.of(byte))
    expect((await all(streamedTextLines(parts(...text)))).map((one) => [one.line, one.text])).toEqual([
      [1, 'bücher.test'],
      [2, 'zwei.test'],
    ])
  })

  test('an input that breaks off leaves an open batch; sending it again under its key goes on and counts nothing twice', async () => {
    const lines = Array.from({ length: 3_000 }, (_, n) => (n % 3 === 2 ? 'no site' : `resumed-${n % 1_500}.test`))
    const options = { idempotencyKey: 'resumed' }
    async function* breaking(): AsyncGenerator<string> {
      yield `${lines.slice(0, 2_100).join('\n')}\n`
      throw await Promise.resolve(new Error('the upload broke off'))
    }
    const broken = under.batches.importBatchWithOwnSession(under.tenant, streamedTextLines(breaking()), options)
    await expect(broken).rejects.toThrow('broke off')
    const [open] = (await under.batches.listBatches(under.database, under.tenant)).items
    expect(open).toMatchObject({ sealed: false, state: 'queued', jobId: null })
    expect(open!.counts.total).toBeGreaterThan(0)

    const again = () =>
      under.batches.importBatchWithOwnSession(under.tenant, streamedTextLines(parts(lines.join('\n'))), options)
    const { batch, report, created } = await again()
    expect(batch).toMatchObject({ id: open!.id, sealed: true })
    expect({ created, kept: report.kept, invalid: report.invalid, duplicate: report.duplicate }).toEqual({
      created: false,
      kept: 1_000,
      invalid: 1_000,
      duplicate: 1_000,
    })
    const third = await again()
    expect(third).toMatchObject({ created: false, batch: { id: open!.id, counts: batch.counts, lines: batch.lines } })
  })
})

describe('options', () => {
  test('unknown and impossible ones are refused by name', async () => {
    const bad = [
      [{ maxConcurent: 3 }, /maxConcurent/],
      [{ maxConcurrent: 0 }, /maxConcurrent/],
      [{ maxConcurrent: 2.5 }, /maxConcurrent/],
      [{ itemTimeoutMs: -1 }, /itemTimeoutMs/],
      [{ webhookUrl: 'ftp://x.test' }, /webhookUrl/],
      [{ webhookUrl: 'javascript:alert(1)' }, /webhookUrl/],
      [{ name: 'nul \0' }, /name/],
      [{ options: { nul: '\0' } }, /NUL/],
    ] as [NewBatch, RegExp][]
    for (const [options, message] of bad) {
      await expect(
        under.batches.initiateBatchProcessing(under.database, under.tenant, ['one.test'], options),
      ).rejects.toMatchObject({ code: 'BATCH_INPUT_INVALID', message: expect.stringMatching(message) })
    }
    await expect(
      under.batches.initiateBatchProcessing(under.database, under.tenant, ['one.test'], { kind: 'constructor' }),
    ).rejects.toMatchObject({ code: 'BATCH_KIND_UNKNOWN', hint: 'Defined are home-page.' })
  })
})
