/** Reads one file with one reader and tells its parent how long it took and how much larger the process became. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { parseSitemap } from '@pooler-safe/example-sitemap/parser'

export type ReaderName = 'pooler-safe' | 'sitemapper' | 'fast-xml-parser'

export interface ReaderResult {
  readonly urls: number
  readonly ms: number
  /** Time of the processor, all threads together: what a busy machine does not change much. */
  readonly cpuMs: number
  /** Largest resident set while reading, less that before it, in bytes. */
  readonly growth: number
}

/** Reads the file, and says how many URLs it has. */
type Reader = (file: string) => Promise<number>

async function ours(file: string): Promise<number> {
  const { entries } = await parseSitemap(createReadStream(file), {
    base: 'https://www.example.com/sitemap.xml',
    onBatch: (batch) =>
      batch.entries.every(({ lastmodAt, images, hreflangs }) => lastmodAt && images + hreflangs === 6),
  })
  return entries
}

async function fastXmlParser(): Promise<Reader> {
  const { XMLParser } = await import('fast-xml-parser')
  return async (file) => {
    const parser = new XMLParser({ ignoreAttributes: false, processEntities: true })
    const parsed = parser.parse(await readFile(file, 'utf8')) as { urlset: { url: unknown[] } }
    return parsed.urlset.url.length
  }
}

/** It reads what it fetched: from a server on loopback that sends the file. */
async function sitemapper(file: string): Promise<Reader> {
  const { default: Sitemapper } = await import('sitemapper')
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' })
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return async () => {
    const fields = { loc: true, lastmod: true, changefreq: true, priority: true }
    const reader = new Sitemapper({ timeout: 600_000, fields })
    try {
      return (await reader.fetch(`http://127.0.0.1:${port}/sitemap.xml`)).sites.length
    } finally {
      server.close()
    }
  }
}

const [name, file = ''] = process.argv.slice(2)
const read = name === 'sitemapper' ? await sitemapper(file) : name === 'fast-xml-parser' ? await fastXmlParser() : ours

const before = process.memoryUsage.rss()
let largest = before
const watch = setInterval(() => (largest = Math.max(largest, process.memoryUsage.rss())), 10)
const cpu = process.cpuUsage()
const started = performance.now()
const urls = await read(file)
const ms = performance.now() - started
const { user, system } = process.cpuUsage(cpu)
clearInterval(watch)
// The highest that the system saw also counts what came and went between two looks.
largest = Math.max(largest, process.memoryUsage.rss(), process.resourceUsage().maxRSS * 1024)
const result: ReaderResult = { urls, ms, cpuMs: (user + system) / 1000, growth: largest - before }
process.send?.(result)
process.disconnect()
