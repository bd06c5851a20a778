import { silentLogger } from '@pooler-safe/example-foundation'
import { migratePlatform } from '@pooler-safe/example-platform'
import { capabilities, useTestDatabase } from '@pooler-safe/tests/support'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser, signIn } from './browser.ts'
import { startDashboardWorld, type DashboardWorld } from './dashboard-world.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

describe.skipIf(!capabilities.chromium)('in a browser (needs chromium)', { timeout: 60_000 }, () => {
  let world: DashboardWorld
  let browser: Browser
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    browser = await launchBrowser()
    world = await startDashboardWorld(database.pooledUrl, { siteDelayMs: 40 })
  })
  afterAll(async () => {
    await browser.close()
    await world[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    context = await browser.newContext()
    page = await context.newPage()
    page.setDefaultTimeout(15_000)
    page.on('dialog', (dialog) => void dialog.accept())
    await signIn(page, world.url, world.token)
  })
  afterEach(() => context.close())

  const state = (text: string) => page.locator(`.title-state .badge[data-state="${text}"]`)
  const goTo = (path: string) => page.goto(`${world.url}${path}`)
  const site = (host: string) => world.world.url(host)
  const streams = () => world.requests.filter((request) => request.startsWith('GET /live')).length

  async function submit(csv: string, options: Readonly<Record<string, string>> = {}): Promise<void> {
    await goTo('/batches/new')
    await page
      .getByLabel('Or a CSV file')
      .setInputFiles({ name: 'sites.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    for (const [label, value] of Object.entries(options)) await page.getByLabel(label).fill(value)
    await page.getByRole('button', { name: 'Start the batch' }).click()
    await page.waitForURL(/\/batches\/[\da-f-]{36}$/)
  }

  test('a batch from a CSV file is watched to its end, each item with its result', async () => {
    const companies = Array.from({ length: 40 }, (_, at) => site(`firma-${at + 1}.example`))
    const rows = [...companies, 'http://gibt-es-nicht.example', 'not a site', companies[0]]
    await submit(`name,url\n${rows.map((url, at) => `Nr. ${at},${url}`).join('\n')}\n`, {
      Attempts: '1',
      'At the same time': '2',
    })
    // It is not loaded again: what follows comes by itself.
    await page.evaluate(() => Object.assign(globalThis, { isFirst: true }))
    const succeeded = page.locator('.legend li', { hasText: 'succeeded' }).locator('.num')
    const seen = new Set<number>()
    while (!(await state('partial').isVisible())) {
      seen.add(Number(await succeeded.textContent()))
      await page.waitForTimeout(50)
    }
    expect(seen.size).toBeGreaterThan(2)
    expect([...seen]).toEqual([...seen].sort((a, b) => a - b))
    expect(await page.evaluate(() => 'isFirst' in globalThis)).toBe(true)
    // firma-7, -17, -27 and -37 fail, -13 forbids, -24 and gibt-es-nicht have no address.
    expect(await succeeded.textContent()).toBe('34')
    expect(await page.locator('tbody tr').count()).toBe(41)
    expect(await page.locator('#item-8').innerText()).toMatch(/firma-7\.example\s+failed\s+http_5xx/)
    expect(await page.locator('#item-9').innerText()).toMatch(
      /firma-8\.example\s+succeeded\s+200 Willkommen – Malerei 8/,
    )
    expect(await page.locator('.bars').innerText()).toMatch(/http_5xx\s+4[^]*dns\s+2[^]*robots\s+1/)
    await page.getByRole('link', { name: '1 invalid, 1 duplicate' }).click()
    await page.waitForURL(/\/rejected$/)
    expect(await page.locator('tbody').innerText()).toMatch(/42\s+invalid[^]*43|43\s+invalid[^]*44/)
  })

  test('a stream ends with what it is about, and nothing is asked for any more', async () => {
    await submit(`url\n${site('firma-1.example')}\n${site('firma-2.example')}\n`)
    await state('succeeded').waitFor()
    await page.waitForTimeout(500)
    const before = world.requests.length
    await page.waitForTimeout(2_500)
    expect(world.requests.slice(before)).toEqual([])
    const opened = streams()
    await page.reload()
    await page.waitForTimeout(500)
    expect(streams()).toBe(opened)
  })

  test('where no events come through the page is asked for instead, and not after the end', async () => {
    await page.route('**/live?*', (route) => route.fulfill({ status: 503, body: 'no' }))
    const companies = Array.from({ length: 60 }, (_, at) => site(`firma-${at + 101}.example`))
    await submit(`url\n${companies.join('\n')}\n`, { Attempts: '1', 'At the same time': '1' })
    await state('partial').waitFor({ timeout: 30_000 })
    await page.waitForTimeout(300)
    const before = world.requests.length
    await page.waitForTimeout(4_000)
    expect(world.requests.slice(before)).toEqual([])
  })

  test('a batch is paused, goes on, and is cancelled', async () => {
    const companies = Array.from({ length: 120 }, (_, at) => site(`firma-${at + 201}.example`))
    await submit(`url\n${companies.join('\n')}\n`, { Attempts: '1', 'At the same time': '2' })
    await page.getByRole('button', { name: 'Pause' }).click()
    await state('paused').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await state('running').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await state('cancelled').waitFor()
    const cancelled = Number(await page.locator('.legend li', { hasText: 'cancelled' }).locator('.num').textContent())
    expect(cancelled).toBeGreaterThan(0)
  })

  test('a scan of one site shows what it found, with sources', async () => {
    await goTo('/scans')
    await page.getByLabel('Site', { exact: true }).fill(site(world.world.hosts.joinery))
    await page.getByRole('button', { name: 'Scan', exact: true }).click()
    await state('succeeded').waitFor()
    const text = await page.locator('main').innerText()
    expect(text).toMatch(/Tischlerei Lindner/)
    expect(text).toMatch(/email\s+werkstatt@tischlerei-lindner\.example\s+100 %\s+link\s+\/kontakt\//)
    expect(text).toMatch(/WordPress\s+6\.5\.3/)
  })

  test('two scans of sitemaps are compared', async () => {
    await goTo('/sitemaps')
    await page.getByLabel('Site or sitemap').fill(site(world.world.hosts.newspaper))
    await page.getByRole('button', { name: 'Scan', exact: true }).click()
    await state('partial').waitFor()
    expect(await page.locator('.tree').innerText()).toMatch(/sitemap-kaputt\.xml[^]*http_5xx/)
    await page.getByRole('button', { name: 'Scan again' }).click()
    await page.waitForURL(/\/sitemaps\/[\da-f-]{36}$/)
    await state('partial').waitFor()
    await page.getByRole('link', { name: /Changes/ }).click()
    await page.getByText('Nothing has changed between the two scans.').waitFor()
    // What one of them had not seen.
    await database.query(
      `insert into sitemap_changes (scan_id, url_id, tenant_id, kind)
       select s.id, u.id, s.tenant_id, 'added' from sitemap_scans s
       join lateral (select id from sitemap_urls u where u.domain_id = s.domain_id order by id limit 3) u on true
       where s.id = (select max(id::text)::uuid from sitemap_scans)`,
    )
    await page.reload()
    expect(await page.locator('tbody tr').count()).toBe(3)
    await page.getByRole('link', { name: /^URLs/ }).click()
    await page.getByRole('checkbox').first().check()
    await page.getByPlaceholder('tag').fill('to read')
    await page.getByRole('button', { name: 'Add tag' }).click()
    await page.locator('.tags a', { hasText: 'to read' }).waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('1 URL changed.').waitFor()
    expect(await page.locator('.tags a').count()).toBe(0)
  })

  test('places are searched after the cost was said, paged, curated and curated back', async () => {
    const asked = world.google.requests.length
    await goTo('/places')
    await page.getByLabel('Search for').fill('Zahnarzt')
    await page.getByLabel('Near').fill('Graz')
    await page.getByRole('button', { name: 'Estimate the cost' }).click()
    expect(await page.locator('.figures').innerText()).toMatch(/\$0\.105\s+3 requests at \$0\.035/)
    expect(world.google.requests.length).toBe(asked)
    await page.getByRole('button', { name: /Search for up to/ }).click()
    await state('succeeded').waitFor()
    await page.locator('tbody tr').nth(59).waitFor()
    expect(await page.locator('.map circle').count()).toBe(60)
    for (const row of [0, 1, 2])
      await page
        .getByRole('checkbox', { name: /^Select Zahnarzt/ })
        .nth(row)
        .check()
    await page.getByText('3 selected:').waitFor()
    await page.getByRole('button', { name: 'Selected', exact: true }).click()
    await page.getByText('3 places are Selected now.').waitFor()
    expect(await page.locator('tbody .badge[data-state="Selected"]').count()).toBe(3)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('3 places are as before.').waitFor()
    expect(await page.locator('tbody .badge[data-state="Selected"]').count()).toBe(0)
  })

  test('a failed job is queued again', async () => {
    const { database: db, jobs, pages } = world.platform
    const { jobId } = await pages.initiateDomainScan(db, world.tenant, { url: 'http://innen.example/' })
    await expect
      .poll(async () => (await jobs.getJob(db, world.tenant, jobId)).state, { timeout: 20_000 })
      .toBe('failed')
    await goTo(`/jobs/${jobId}`)
    expect(await page.locator('.problem').innerText()).toMatch(/ssrf/)
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('The job was queued again').waitFor()
    await page.locator('#attempt-2').waitFor()
    expect(await page.locator('main').innerText()).toMatch(/retried by request/)
  })

  test('the page says when the connection is lost, and follows again after a restart of the server', async () => {
    const companies = Array.from({ length: 150 }, (_, at) => site(`firma-${at + 401}.example`))
    await submit(`url\n${companies.join('\n')}\n`, { Attempts: '1', 'At the same time': '2' })
    await state('running').waitFor()
    await world.stopServer()
    await page.getByText('Connection lost').waitFor()
    await world.listen()
    await page.getByText('Connection lost').waitFor({ state: 'hidden' })
    await state('partial').waitFor({ timeout: 30_000 })
  })

  test('what a hostile site says is shown, and does nothing', async () => {
    const errors: string[] = []
    page.on('dialog', (dialog) => errors.push(dialog.message()))
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    await goTo('/scans')
    await page.getByLabel('Site', { exact: true }).fill(site(world.world.hosts.hostile))
    await page.getByRole('button', { name: 'Scan', exact: true }).click()
    await state('succeeded').waitFor()
    expect(await page.locator('main').innerText()).toContain('<script>alert("title")</script>')
    expect(await page.locator('main script, main [onmouseover], main a[href^="javascript:"]').count()).toBe(0)
    const long = `${'x'.repeat(150)}\u202E<script>alert(1)</script>`
    const { batch } = await world.platform.batches.initiateBatchProcessing(
      world.platform.database,
      world.tenant,
      [site(world.world.hosts.hostile)],
      { name: `${long} 🧨` },
    )
    await goTo(`/batches/${batch.id}`)
    await state('succeeded').waitFor()
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(`${long} 🧨`)
    const overflow = 'document.documentElement.scrollWidth > innerWidth'
    expect(await page.evaluate(overflow)).toBe(false)
    expect(errors).toEqual([])
  })

  test('everything can be read and done without JavaScript', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false })
    const reading = await plain.newPage()
    await signIn(reading, world.url, world.token)
    await reading.goto(`${world.url}/batches/new`)
    await reading.getByLabel('Sites').fill(site('firma-1.example'))
    await reading.getByRole('button', { name: 'Start the batch' }).click()
    await reading.getByText('The batch has 1 item.').waitFor()
    await expect
      .poll(async () => {
        await reading.reload()
        return reading.locator('.title-state').innerText()
      })
      .toBe('succeeded')
    await reading.getByRole('button', { name: /theme/ }).click()
    expect(await reading.locator('html').getAttribute('data-theme')).toBe('dark')
    await reading.getByRole('button', { name: 'Sign out' }).click()
    await reading.waitForURL(/\/sign-in/)
    await reading.goto(`${world.url}/jobs`)
    expect(reading.url()).toMatch(/\/sign-in\?to=%2Fjobs/)
    await plain.close()
  })
})
