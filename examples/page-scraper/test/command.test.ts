import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { formatReport, type SiteReport } from '../src/commands/report.ts'
import { runScanCommand } from '../src/commands/run-scan-command.ts'
import { readOptions } from '../src/commands/scan-options.ts'
import { loopbackFetcher } from './loopback-fetcher.ts'
import { usePageDatabase } from './page-database.ts'
import { useSiteServer } from './site-server.ts'

const database = usePageDatabase()
const server = useSiteServer()
const http = loopbackFetcher()

async function run(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const command = join(import.meta.dirname, '../src/commands/scan.ts')
  const child = spawn(process.execPath, ['--conditions=@pooler-safe/source', command, ...args], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (text: Buffer) => (said.out += text.toString()))
  child.stderr.on('data', (text: Buffer) => (said.err += text.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...said }
}

async function reports(...args: string[]): Promise<SiteReport[]> {
  const options = readOptions(args)
  if (options === 'help') throw new Error('help was asked for')
  const all: SiteReport[] = []
  await runScanCommand(options, (report) => all.push(report), http)
  return all
}

describe('the command', () => {
  test('says how it is used, and what it does not understand, with code 2', async () => {
    expect(await run(['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('pnpm scan https://example.com'),
    })
    expect(await run([])).toMatchObject({ code: 2, err: expect.stringMatching(/^scan: Say which site to scan/) })
    expect(await run(['example.com', '--pages', '3'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--pages'),
    })
    expect(await run(['example.com', '--store'], { DATABASE_URL: 'mysql://x' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('DATABASE_URL is not a URL such as postgres://'),
    })
    expect(() => readOptions(['example.com', '--max-pages', '0'])).toThrow(
      /--max-pages is not a whole number from 1 to 200/,
    )
  })

  test.each([['nothing is kept'], ['it is stored']])('reads sites, and %s', async (mode) => {
    const isStored = mode === 'it is stored'
    vi.stubEnv('DATABASE_URL', database.pooledUrl)
    vi.stubEnv('LOG_LEVEL', 'silent')
    server.serve('good.test', {
      '/': `<title>Good \u001b[31m</title><p>office@good.test <a href="/contact">c</a>`,
      '/contact': 'x',
    })
    server.serve('bad.test', { '/': { status: 404, body: '<title>No</title>' } })
    const urls = ['good', 'bad'].map((name) => `http://${name}.test:${server.port}/`)
    const all = await reports(...urls, '--max-pages', '2', ...(isStored ? ['--store'] : []))
    const good = all.find(({ url }) => url === urls[0])
    const bad = all.find(({ url }) => url === urls[1])
    expect(good).toMatchObject({
      found: { verdict: 'live', contacts: [{ value: 'office@good.test' }] },
      pagesVisited: 2,
    })
    expect(bad).toMatchObject({ failure: { code: 'http_4xx' } })
    expect(bad).not.toHaveProperty('found')
    const text = formatReport(good!)
    expect(text).toMatch(/title +Good/)
    expect(text).toMatch(/email +office@good\.test {2}\(90 %, \/\)/)
    // What a site says does not reach the terminal as a command.
    expect(text).not.toContain('\u001b')
    expect(formatReport(bad!)).toMatch(/not read \(http_4xx\)/)
    const { rows } = await database.query('select host from domains order by host')
    expect(rows).toEqual(isStored ? [{ host: 'bad.test' }, { host: 'good.test' }] : [])
  })
})
