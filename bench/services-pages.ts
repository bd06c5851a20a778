/**
 * Pages per second of the page scraper and of Crawlee's CheerioCrawler: the same local site, the same number of pages, equal
 * concurrency. Crawlee's handler reads title, description, canonical and h1; the page scraper everything it extracts.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CheerioCrawler, Configuration, log, LogLevel } from '@crawlee/cheerio'
import { createHttpClient } from '@pooler-safe/example-foundation'
import { crawlSite, readSite } from '@pooler-safe/example-page-scraper'
import { machine, median, print } from './harness.ts'

const sitePages = 400
const pagesPerRun = 300
const concurrency = 8
const rounds = 5

log.setLevel(LogLevel.OFF)

async function crawlee(url: string): Promise<number> {
  const found: unknown[] = []
  const crawler = new CheerioCrawler(
    {
      minConcurrency: concurrency,
      maxConcurrency: concurrency,
      maxRequestsPerCrawl: pagesPerRun,
      useSessionPool: false,
      async requestHandler({ request, $, enqueueLinks }) {
        found.push({
          url: request.loadedUrl,
          title: $('title').text(),
          description: $('meta[name=description]').attr('content'),
          canonical: $('link[rel=canonical]').attr('href'),
          h1: $('h1').first().text(),
        })
        await enqueueLinks({ strategy: 'same-domain' })
      },
    },
    new Configuration({ persistStorage: false }),
  )
  await crawler.run([url])
  return found.length
}

async function ours(url: string): Promise<number> {
  const http = createHttpClient({
    allowLoopback: true,
    resolve: () => Promise.resolve(['127.0.0.1']),
    perHostConcurrency: concurrency,
    perHostDelayMs: 0,
  })
  try {
    const { pages } = await crawlSite({
      http,
      site: readSite(url),
      maxPages: pagesPerRun,
      maxDepth: 1_000,
      concurrency,
    })
    return pages.filter(({ extraction }) => extraction?.contacts.length === 3).length
  } finally {
    await http.close()
  }
}

/** Pages per second. A figure for pages that were not read would be worth nothing. */
async function rate(name: string, crawl: () => Promise<number>): Promise<number> {
  const started = performance.now()
  const pages = await crawl()
  const seconds = (performance.now() - started) / 1_000
  // Crawlee finishes what is under way when it reaches its limit.
  if (pages < pagesPerRun || pages >= pagesPerRun + concurrency)
    throw new Error(`${name} read ${pages} pages instead of ${pagesPerRun}`)
  return pages / seconds
}

const server = fork(join(import.meta.dirname, 'pages', 'site-process.ts'), [String(sitePages)])
try {
  const [port] = (await once(server, 'message')) as [number]
  const crawlees: number[] = []
  const rates: number[] = []
  const runs = [
    async () => crawlees.push(await rate('Crawlee', () => crawlee(`http://127.0.0.1:${port}/`))),
    async () => rates.push(await rate('the page scraper', () => ours(`http://bakery.test:${port}/`))),
  ]
  // The first of each warms up; then they take turns at being first.
  for (let round = -1; round < rounds; round += 1) {
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) await run()
  }
  const ratios = rates.slice(1).map((one, round) => one / (crawlees[round + 1] ?? Number.NaN))
  const { version } = createRequire(import.meta.url)('@crawlee/cheerio/package.json') as { version: string }
  print({
    name: 'services-pages',
    machine: machine({ crawlee: version }),
    cases: [
      {
        case: `pages of a site, ${concurrency} at a time: page scraper / Crawlee (${median(crawlees.slice(1)).toFixed(0)} per second)`,
        ratio: median(ratios),
        unit: '× pages per second',
        runs: ratios.length,
        spread: [Math.min(...ratios), Math.max(...ratios)],
        perSecond: median(rates.slice(1)),
        target: 1,
      },
    ],
  })
} finally {
  server.disconnect()
}
