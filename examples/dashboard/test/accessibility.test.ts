import { silentLogger } from '@pooler-safe/example-foundation'
import { migratePlatform } from '@pooler-safe/example-platform'
import { capabilities, useTestDatabase } from '@pooler-safe/tests/support'
import axe, { type AxeResults } from 'axe-core'
import { describe, expect, test } from 'vitest'
import { launchBrowser, signIn } from './browser.ts'
import { startDashboardWorld } from './dashboard-world.ts'
import { fillWithSamples, pagesOf } from './sample-data.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

describe.skipIf(!capabilities.chromium)('in a browser (needs chromium)', { timeout: 300_000 }, () => {
  test('axe finds no violation on any page, light or dark, wide or narrow', async () => {
    await using stack = new AsyncDisposableStack()
    const world = stack.use(await startDashboardWorld(database.pooledUrl))
    const paths = await fillWithSamples(world)
    const browser = await launchBrowser()
    stack.defer(() => browser.close())
    const pages = [...pagesOf(paths), '/nowhere']
    const found: string[] = []
    let checked = 0
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 1280],
      ['light', 390],
    ] as const) {
      const context = await browser.newContext({ colorScheme, bypassCSP: true, viewport: { width, height: 900 } })
      const page = await context.newPage()
      const check = async (path: string): Promise<void> => {
        await page.goto(world.url + path)
        await page.addScriptTag({ content: axe.source })
        const { violations } = await page.evaluate<AxeResults>("axe.run({ resultTypes: ['violations'] })")
        checked += 1
        for (const { id, nodes } of violations)
          found.push(`${colorScheme} ${width} ${path} ${id}: ${nodes[0]?.html ?? ''}`)
      }
      await check('/sign-in')
      await signIn(page, world.url, world.token)
      // What is narrow differs in its frame, its tables and its figures.
      for (const path of width < 1000 ? ['/', paths.job, paths.batch, paths.search] : pages) await check(path)
      await context.close()
    }
    expect(found).toEqual([])
    expect(checked).toBe(2 * (pages.length + 1) + 5)
  })
})
