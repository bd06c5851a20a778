// Makes screenshots of every page, light and dark, wide and narrow: node test/screenshots.ts <folder outside the repository>
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger } from '@pooler-safe/example-foundation'
import { migratePlatform } from '@pooler-safe/example-platform'
import { startPooler, startPostgres } from '@pooler-safe/testkit'
import { launchBrowser, signIn } from './browser.ts'
import { startDashboardWorld } from './dashboard-world.ts'
import { fillWithSamples } from './sample-data.ts'

const [folder, only] = process.argv.slice(2)
if (folder === undefined) throw new Error('Name a folder outside the repository.')
mkdirSync(folder, { recursive: true })

await using stack = new AsyncDisposableStack()
const logger = createLogger({ name: 'screenshots', level: 'error' })
const postgres = await startPostgres()
stack.defer(() => postgres.stop())
await migratePlatform(postgres.url, logger)
const pooler = await startPooler({ upstream: postgres.url, poolSize: 4 })
stack.defer(() => pooler.stop({ drainMs: 200 }))
const world = stack.use(await startDashboardWorld(pooler.url, { logger }))
const paths = await fillWithSamples(world)
const browser = await launchBrowser()
stack.defer(() => browser.close())

const pages: Readonly<Record<string, string>> = {
  overview: '/',
  jobs: '/jobs',
  job: paths.job,
  batches: '/batches',
  'batch-new': '/batches/new',
  batch: paths.batch,
  'batch-rejected': `${paths.batch}/rejected`,
  scans: '/scans',
  scan: paths.scan,
  sitemaps: '/sitemaps',
  sitemap: paths.sitemaps,
  'sitemap-urls': `${paths.sitemaps}/urls`,
  'sitemap-changes': `${paths.sitemaps}/changes`,
  places: '/places',
  'places-estimate': '/places/new?query=Zahnarzt&near=Graz&maxResults=200',
  'places-all': '/places/all',
  search: paths.search,
  settings: '/settings',
  'not-found': '/batches/nobody',
}
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [size, width, height] of [
    ['wide', 1280, 900],
    ['narrow', 390, 844],
  ] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height } })
    const page = await context.newPage()
    await page.goto(`${world.url}/sign-in`)
    await page.screenshot({ path: join(folder, `sign-in-${size}-${colorScheme}.png`) })
    await signIn(page, world.url, world.token)
    for (const [name, path] of Object.entries(pages)) {
      if (only !== undefined && !only.split(',').includes(name)) continue
      await page.goto(`${world.url}${path}`)
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: size === 'wide' })
    }
    await context.close()
  }
}
