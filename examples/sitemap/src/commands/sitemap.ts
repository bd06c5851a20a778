/** `pnpm sitemap https://…`: scans the sitemaps of a site and prints what it found; see `--help`. */
import { parseArgs } from 'node:util'
import {
  createHttpClient,
  createLogger,
  ensureTenant,
  explain,
  onShutdown,
  openDatabase,
  ServiceError,
  wait,
} from '@pooler-safe/example-foundation'
import { openCommandDemo, openCommandEndpoint } from '@pooler-safe/example-foundation/command'
import { demoHosts } from '@pooler-safe/example-foundation/demo'
import { JobService, Worker } from '@pooler-safe/example-job-service'
import { exportFormats } from '../export.ts'
import { sitemapJobTypes } from '../job-type.ts'
import { migrateSitemaps } from '../migrate.ts'
import type { SitemapScan, StoredSitemap } from '../sitemap.ts'
import { SitemapService } from '../sitemap-service.ts'
import { sitemapHandlers } from '../worker.ts'
import { healthText, scanSummary, sitemapTree } from './report.ts'

const help = `pnpm sitemap <site or sitemap> [options]
pnpm sitemap --demo [site]    the same with sites of our own on this machine: nothing is asked outside

  --max-urls <n>      URLs that are stored at most (100000)
  --export <format>   print the URLs instead of the report: csv, json or ndjson
  --allow-loopback    also ask this machine, for sites that are being built
  --help              this text

The result is kept, and a second scan asks only for what has changed: in DATABASE_URL (a transaction-mode pooler) and
DIRECT_DATABASE_URL, or, without them, in a database of its own in .pooler-safe. With --demo that is one apart.
`

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      'max-urls': { type: 'string' },
      export: { type: 'string' },
      'allow-loopback': { type: 'boolean', default: false },
      demo: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { demo } = values
  const [url = demo ? demoHosts.newspaper : undefined, ...others] = positionals
  if (values.help || url === undefined || others.length > 0) {
    ;(values.help ? process.stdout : process.stderr).write(help)
    return values.help ? 0 : 2
  }
  const format = exportFormats.find((one) => one === values.export)
  if (values.export !== undefined && format === undefined) {
    throw new ServiceError('OPTION_INVALID', `--export is one of ${exportFormats.join(', ')}.`)
  }
  const maxUrls = values['max-urls'] === undefined ? {} : { maxUrls: Number(values['max-urls']) }
  await using stack = new AsyncDisposableStack()
  const logger = createLogger({ name: 'sitemap', level: 'warn' })
  const http = demo
    ? (await openCommandDemo(stack, logger)).http
    : stack.use(createHttpClient({ allowLoopback: values['allow-loopback'] }))
  const endpoint = await openCommandEndpoint(stack, { demo, say })
  if (endpoint.directUrl !== undefined) await migrateSitemaps(endpoint.directUrl, logger)
  const database = openDatabase({ url: endpoint.url, applicationName: 'sitemap', max: 4, wireGuard: true, logger })
  stack.defer(() => database.close())
  const jobs = await JobService.open({ database, types: sitemapJobTypes, logger, maintainQueue: false })
  stack.defer(() => jobs.close())
  const service = await SitemapService.open({ database, jobs, http, logger })
  const tenant = await ensureTenant(database, 'command line')
  const { scanId, jobId } = await service.initiateSitemapScan(database, tenant, { url, ...maxUrls })
  const worker = Worker.start({
    database,
    service: jobs,
    logger,
    handlers: sitemapHandlers({ http }),
    pollMs: 50,
    concurrency: 1,
  })
  stack.defer(() => worker.stop())
  const shutdown = onShutdown({ logger })
  shutdown.signal.addEventListener('abort', () => {
    void jobs.cancelJob(database, tenant, jobId).catch(() => undefined)
  })
  const scan = await finished(service, database, tenant, scanId)
  if (format !== undefined) {
    await print(await service.exportUrls(database, tenant, scan.host, format))
    return scan.state === 'failed' ? 1 : 0
  }
  const files: StoredSitemap[] = []
  for (let after: string | undefined; ;) {
    const page = await service.listSitemaps(database, tenant, scan.host, { limit: 500, after })
    files.push(...page.items)
    if (page.next === undefined) break
    after = page.next
  }
  process.stdout.write(scanSummary(scan))
  process.stdout.write(files.length === 0 ? 'No sitemap was found.\n' : `\n${sitemapTree(files)}\n`)
  process.stdout.write(healthText(await service.healthReport(database, tenant, scan.host)))
  return scan.state === 'failed' || scan.state === 'cancelled' ? 1 : 0
}

async function finished(
  service: SitemapService,
  ...wanted: Parameters<SitemapService['getSitemapScan']>
): Promise<SitemapScan> {
  for (;;) {
    const scan = await service.getSitemapScan(...wanted)
    if (scan.state !== 'queued' && scan.state !== 'running') return scan
    if (process.stderr.isTTY) {
      process.stderr.write(`\r${scan.state}: ${scan.progressDone} of ${scan.progressTotal ?? '?'} sitemaps  `)
    }
    await wait(200)
  }
}

async function print(parts: AsyncIterable<string>): Promise<void> {
  for await (const part of parts) {
    if (!process.stdout.write(part)) await new Promise((resolve) => process.stdout.once('drain', resolve))
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`sitemap: ${explain(error)}\n`)
  process.exitCode = 2
}
