import { findChromium } from '@pooler-safe/tests/support'
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { makeFolder, runProgram, sample } from '../support/run-program.ts'

const evil = `import { Pool } from 'pg'
const pool = new Pool()
pool.on('error', f)
await pool.query('set role "</script><img src=x>|\`a"')
`

async function rendered(
  format: string,
  files: Readonly<Record<string, string>> = { 'a b.ts': sample },
): Promise<string> {
  return (await makeFolder({ 'package.json': '{"name":"shop"}', ...files }).run('audit', '--format', format)).out
}

test('pretty shows the line, a caret under the words, and the proposed change', async () => {
  const out = await rendered('pretty')
  expect(out).toContain(
    [' ╭▸ a b.ts:6:25', "6 │   await pool.query('set search_path to app')", '  │                         ━━━━━━━━━━━']
      .join('\n')
      .trimStart(),
  )
  expect(out).toMatch(/^error\[no-session-state\]: `search_path`: The setting stays on the backend/)
  expect(out).toContain("6 +   await pool.query('set local search_path to app')")
  expect(out).toContain('docs/hazards/session-set.md')
  expect(out).toContain('1 finding: 1 error, 0 warnings. 1 allowed with a reason.')
  expect(out).toContain('5 operations in 1 file of 1: 2 session, 1 unknown, 2 safe.')
})

test('colour is for terminals, and NO_COLOR wins', async () => {
  const folder = makeFolder({ 'a.ts': sample })
  const out = async (env: Record<string, string>, isOutTerminal: boolean) =>
    (await runProgram(['audit'], { cwd: folder.path, env, isOutTerminal })).out.includes('\u001B[')
  expect(await out({}, true)).toBe(true)
  expect(await out({}, false)).toBe(false)
  expect(await out({ NO_COLOR: '1' }, true)).toBe(false)
  expect(await out({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false)
  expect(await out({ FORCE_COLOR: '1' }, false)).toBe(true)
})

test('markdown lists each operation under its verdict, whatever its text holds', async () => {
  const out = await rendered('markdown', { 'a.ts': sample, 'evil.ts': evil })
  expect(out).toMatch(/^# Database operations\n\n6 operations in 2 files/)
  expect(out).toContain('## Operations: unknown (1)')
  expect(out).toContain(
    '| no-session-lock | allow no-session-lock | only one worker runs here |'.replace(
      'allow no-session-lock',
      'no-session-lock',
    ),
  )
  for (const line of out.split('\n').filter((one) => one.startsWith('| `evil.ts'))) {
    const cells = line.replaceAll('\\|', '').split('|').length - 2
    expect([3, 7]).toContain(cells)
  }
})

test('JSON says its version', async () => {
  expect(JSON.parse(await rendered('json'))).toMatchObject({ schemaVersion: 1, tool: { name: 'pooler-safe' } })
})

test('SARIF has what version 2.1.0 requires, and what is allowed as suppressed', async () => {
  const log = JSON.parse(await rendered('sarif')) as Sarif
  expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-2.1.0') })
  const [run] = log.runs
  expect(run?.tool.driver.name).toBe('pooler-safe')
  const rules = run?.tool.driver.rules ?? []
  for (const rule of rules)
    expect(rule).toMatchObject({ id: expect.any(String), shortDescription: { text: expect.any(String) } })
  expect(run?.results).toHaveLength(2)
  for (const result of run?.results ?? []) {
    expect(rules[result.ruleIndex]?.id).toBe(result.ruleId)
    expect(['none', 'note', 'warning', 'error']).toContain(result.level)
    expect(result.message.text).not.toBe('')
    const { artifactLocation, region } = result.locations[0]!.physicalLocation
    expect(artifactLocation.uri).toBe('a%20b.ts')
    expect(region.startLine).toBeGreaterThan(0)
    expect(region.endColumn).toBeGreaterThan(region.startColumn)
  }
  expect(run?.results[1]?.suppressions).toEqual([{ kind: 'inSource', justification: 'only one worker runs here' }])
})

interface Sarif {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] } }
    readonly results: readonly {
      readonly ruleId: string
      readonly ruleIndex: number
      readonly level: string
      readonly message: { readonly text: string }
      readonly suppressions?: unknown
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string }
          readonly region: { readonly startLine: number; readonly startColumn: number; readonly endColumn: number }
        }
      }[]
    }[]
  }[]
}

test('annotations for GitHub escape what would end them', async () => {
  const out = await rendered('github', { 'a,b:c.ts': sample })
  expect(out).toMatch(
    /^::error file=a%2Cb%3Ac\.ts,line=6,endLine=6,col=25,endColumn=36,title=pooler-safe\/no-session-state::`search_path`: .*\n$/,
  )
})

test('the page holds all of it, asks nobody for anything, and cannot be broken by what it shows', async () => {
  const out = await rendered('html', { 'evil.ts': evil })
  expect(out).toMatch(/^<!doctype html>/)
  expect(out).not.toMatch(/(?:src|href)=["']?https?:|<link|@import/)
  expect(out.match(/<\/script>/g)).toHaveLength(2)
  expect(out).not.toContain('<img')
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(out)?.[1] ?? ''
  expect(JSON.parse(json)).toMatchObject({ findings: [{ rule: 'no-session-state' }], operations: [{}] })
  expect(out).toContain('light-dark(')
})

test('a report may go to a file', async () => {
  const folder = makeFolder({ 'a.ts': sample })
  expect(await folder.run('audit', '-f', 'markdown', '-o', 'out.md')).toMatchObject({ code: 1, out: '' })
  expect(folder.read('out.md')).toMatch(/^# Database operations/)
})

const chromium = findChromium()

test.skipIf(chromium === undefined)(
  'the page filters in a browser, and its address keeps the filter (needs Chromium)',
  async () => {
    const folder = makeFolder({ 'a.ts': sample, 'evil.ts': evil })
    await folder.run('audit', '-f', 'html', '-o', 'page.html')
    const dom = (hash: string): string =>
      execFileSync(
        chromium ?? '',
        ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', `file://${folder.path}/page.html#${hash}`],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      )
    const shown = (html: string) => /<main id="list">([\s\S]*?)<\/main>/.exec(html)?.[1] ?? ''
    const all = dom('')
    expect(all.match(/<article/g)).toHaveLength(2)
    expect(shown(all)).toContain('&lt;/script&gt;&lt;img src=x&gt;')
    expect(all).not.toContain('<img')
    expect(shown(dom('hazard=set-role')).match(/<article/g)).toHaveLength(1)
    expect(shown(dom('text=nothing-like-this'))).toContain('Nothing here.')
    const operations = shown(dom('tab=operations&verdict=unknown'))
    expect(operations.match(/<tr data-tone/g)).toHaveLength(1)
    expect(operations).toContain('put together at run time')
  },
  60_000,
)
