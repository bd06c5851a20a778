/**
 * Reads a sitemap of 50,000 URLs and 50 MB, made in the run: our parser with every field of every URL, beside `sitemapper`
 * and `fast-xml-parser` on the same file. Each reads it in a process of its own, taking turns; a process that reads nothing
 * says what memory it has to begin with.
 */
import { once } from 'node:events'
import { fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BenchReport, type CaseResult, machine, median, print } from './harness.ts'
import type { ReaderName, ReaderResult } from './services-sitemap/reader.ts'

const rounds = 5
const urls = 50_000

async function writeSitemap(file: string): Promise<number> {
  const stream = createWriteStream(file)
  stream.write(
    '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n',
  )
  for (let n = 0; n < urls; n += 1) {
    const languages = ['de', 'fr', 'it'].map(
      (one) =>
        `    <xhtml:link rel="alternate" hreflang="${one}" href="https://www.example.com/${one}/shop/product-${n}"/>\n`,
    )
    const images = [0, 1, 2].map(
      (one) =>
        `    <image:image>\n      <image:loc>https://images.example.com/p/${n}/${one}.jpg</image:loc>\n      <image:title>Product ${n} &#8211; picture ${one}</image:title>\n    </image:image>\n`,
    )
    const lastmod = `2026-0${1 + (n % 9)}-1${n % 10}T08:${10 + (n % 50)}:00+00:00`
    const entry = `  <url>\n    <loc>https://www.example.com/shop/category-${n % 97}/product-${n}?ref=a&amp;v=${n}</loc>\n    <lastmod>${lastmod}</lastmod>\n    <changefreq>weekly</changefreq>\n    <priority>0.${n % 10}</priority>\n${languages.join('')}${images.join('')}  </url>\n`
    if (!stream.write(entry)) await once(stream, 'drain')
  }
  stream.end('</urlset>\n')
  await once(stream, 'finish')
  return (await stat(file)).size
}

async function read(reader: ReaderName, file: string): Promise<ReaderResult> {
  const child = fork(join(import.meta.dirname, 'services-sitemap', 'reader.ts'), [reader, file])
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of ${reader} ended (${String(code)}) without a result`)
  })
  ended.catch(() => undefined)
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [ReaderResult]
  await once(child, 'exit').catch(() => undefined)
  return result
}

const folder = await mkdtemp(join(tmpdir(), 'sitemap-bench-'))
try {
  const file = join(folder, 'sitemap.xml')
  const megabytes = (await writeSitemap(file)) / 1e6
  const names: ReaderName[] = ['pooler-safe', 'sitemapper', 'fast-xml-parser']
  const results = new Map<ReaderName, ReaderResult[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed()
    for (const name of order) {
      const result = await read(name, file)
      if (result.urls !== urls) throw new Error(`${name} read ${result.urls} URLs of ${urls}`)
      results.get(name)?.push(result)
    }
  }
  const rates = (name: ReaderName): number[] => (results.get(name) ?? []).map(({ ms }) => (megabytes * 1000) / ms)
  const cpuRates = (name: ReaderName): number[] =>
    (results.get(name) ?? []).map(({ cpuMs }) => (megabytes * 1000) / cpuMs)
  const growths = (name: ReaderName): number[] => (results.get(name) ?? []).map(({ growth }) => growth / 1e6)
  const row = (name: string, values: number[], unit: string, extra: Partial<CaseResult> = {}): CaseResult => ({
    case: name,
    ratio: median(values),
    unit,
    runs: values.length,
    spread: [Math.min(...values), Math.max(...values)],
    ...extra,
  })
  const own = rates('pooler-safe')
  const cases: CaseResult[] = [
    row(`MB in a second, ${megabytes.toFixed(1)} MB, ${urls} URLs, every field`, own, 'MB/s', {
      target: 30,
    }),
    row('MB in a second of processor time', cpuRates('pooler-safe'), 'MB/s'),
    row(
      '60 MB / growth of memory while reading',
      growths('pooler-safe').map((one) => 60 / one),
      '× less than 60 MB',
      {
        target: 1,
      },
    ),
    ...names.slice(1).map((name) => {
      const other = rates(name)
      const ratios = own.map((rate, round) => rate / (other[round] ?? Number.NaN))
      return row(`speed of ours / ${name}`, ratios, '× bytes per second', { target: 1 })
    }),
    ...names.map((name) => row(`growth of memory in MB: ${name}`, growths(name), 'MB')),
  ]
  const report: BenchReport = { name: 'services-sitemap', machine: machine(), cases }
  print(report)
} finally {
  await rm(folder, { recursive: true })
}
