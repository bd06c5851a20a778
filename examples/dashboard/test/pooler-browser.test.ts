import { openDatabase, silentLogger } from '@pooler-safe/example-foundation'
import { migratePlatform } from '@pooler-safe/example-platform'
import { capabilities, findChromium, useTestDatabase } from '@pooler-safe/tests/support'
import { source as axe } from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import type { Database } from 'pooler-safe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PoolerMonitor } from '../src/pooler/monitor.ts'
import { poolerPanel } from '../src/pooler/panel.ts'
import { startDashboardWorld, type DashboardWorld } from './dashboard-world.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
}

describe.skipIf(!capabilities.chromium)('the page of the pooler in a browser (needs chromium)', () => {
  const stack = new AsyncDisposableStack()
  let browser: Browser
  let world: DashboardWorld
  let db: Database

  beforeAll(async () => {
    db = openDatabase({ url: database.pooledUrl, applicationName: 'panel', wireGuard: true, logger: silentLogger() })
    stack.defer(() => db.close())
    const report = await db.verify()
    const url = database.pooledUrl
    const monitor = stack.use(new PoolerMonitor({ database: db, url, description: 'the one of the tests', report }))
    world = stack.use(await startDashboardWorld(url, { works: false, panels: [poolerPanel(monitor)] }))
    const executablePath = findChromium() ?? ''
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    stack.defer(() => browser.close())
  })

  afterAll(() => stack.disposeAsync())

  async function openPage(options: {
    readonly colorScheme: 'light' | 'dark'
    readonly javaScriptEnabled?: boolean
  }): Promise<Page> {
    const context = await browser.newContext({ ...options, bypassCSP: true, viewport: { width: 1280, height: 900 } })
    await context.addCookies([{ name: 'dashboard_session', value: world.token, url: world.url }])
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    await page.goto(`${world.url}/pooler`)
    return page
  }

  test.each(['light', 'dark'] as const)(
    'axe finds nothing wrong with it, %s, with results on it',
    async (colorScheme) => {
      const page = await openPage({ colorScheme })
      await page.getByRole('button', { name: 'Audit now' }).click()
      await page.locator('#audit').getByText('backends asked').waitFor()
      await page.getByRole('button', { name: 'Try LISTEN' }).click()
      await page.locator('#hazard-listen').getByText('0 bytes').waitFor()
      await page.evaluate(axe)
      const { violations } = await page.evaluate<AxeResults>('axe.run("#main")')
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
      await page.context().close()
    },
  )

  test('it changes while it is looked at', async () => {
    const page = await openPage({ colorScheme: 'light' })
    const refused = page.locator('dt:has-text("Hazards refused") + dd')
    const before = Number(await refused.textContent())
    await expect(db.query('listen somebody')).rejects.toThrow()
    const after = String(before + 1)
    await page.locator('dt:has-text("Hazards refused") + dd', { hasText: new RegExp(`^\\s*${after}\\s*$`) }).waitFor()
    await page.context().close()
  })

  test('without JavaScript it can be read, audited and tried', async () => {
    const page = await openPage({ colorScheme: 'light', javaScriptEnabled: false })
    await page.getByRole('button', { name: 'Audit now' }).click()
    await page.locator('#audit').getByText('all clean').waitFor()
    await page.getByRole('button', { name: 'Try Named statement' }).click()
    await page.locator('#hazard-named-statement').getByText('POOLER_SAFE_NAMED_STATEMENT').waitFor()
    expect(await page.getByRole('status').first().textContent()).toContain('0 bytes sent')
    await page.context().close()
  })
})
