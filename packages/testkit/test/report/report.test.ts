import { useTestDatabase } from '@pooler-safe/tests/support'
import { beforeAll, describe, expect, test } from 'vitest'
import { isFailing, renderReport, startPooler, type PoolerReport } from '../../src/index.ts'
import { RawClient, send } from '../raw-client.ts'

const database = useTestDatabase()
const nasty = `set app.tenant = '<script>&"\u0001'`

async function runOf(texts: readonly string[]): Promise<PoolerReport> {
  await using pooler = await startPooler({
    upstream: database.directUrl,
    poolSize: 2,
    seed: 11,
    audit: 'every',
    allow: [{ hazard: 'listen', reason: 'a test of the report' }],
  })
  for (const applicationName of ['web', 'worker']) {
    const client = await RawClient.connect(pooler.url, { application_name: applicationName })
    for (const sql of texts) await client.ask(send.query(sql))
    await client.end()
  }
  await pooler.settle()
  return pooler.report()
}

describe('a report of a dirty run', () => {
  let report: PoolerReport
  beforeAll(async () => {
    report = await runOf([nasty, 'commit', 'commit', 'listen news', 'select 1'])
  })

  test('counts, names and orders what was found', () => {
    expect(report).toMatchObject({
      version: 1,
      seed: 11,
      schedule: 'rotate',
      profile: 'pgbouncer-1.18',
      audit: 'every',
      onViolation: 'report',
      counts: { clients: 2, transactions: 10, violations: 4, allowed: 2, dropped: 0 },
    })
    expect(report.hazards.map(({ hazard, count }) => ({ hazard, count }))).toEqual([
      { hazard: 'session-set', count: 2 },
      { hazard: 'commit-outside-tx', count: 4 },
    ])
    expect(report.clients.map(({ applicationName }) => applicationName)).toEqual(['web', 'worker'])
    for (const { closedAt, connectedAt } of report.clients) expect(closedAt).toBeGreaterThanOrEqual(connectedAt)
  })

  test('has a timeline that points from transactions to violations and backends', () => {
    const pids = new Set(report.backends.map(({ pid }) => pid))
    expect(report.timeline).toHaveLength(10)
    for (const { backendPid, endedAt } of report.timeline) {
      expect(pids).toContain(backendPid)
      expect(endedAt).toBeDefined()
    }
    const guilty = report.timeline.filter(({ violations }) => violations.length > 0)
    expect(guilty.map(({ statements }) => statements)).toEqual([[nasty], ['commit'], [nasty], ['commit']])
    const known = report.hazards.flatMap(({ violations }) => violations.map(({ id }) => id))
    expect(guilty.flatMap(({ violations }) => violations).sort()).toEqual(known.sort())
  })

  test('goes through JSON unchanged', () => {
    expect(JSON.parse(renderReport(report, 'json'))).toEqual(JSON.parse(JSON.stringify(report)))
    expect(JSON.parse(renderReport(report, 'json'))).toMatchObject({ counts: report.counts })
  })

  test('reads well in a terminal', () => {
    const text = renderReport(report, 'pretty')
    expect(text).toContain('SET or RESET for the session leak session-set × 2')
    expect(text).toContain('web (client 1) at 127.0.0.1:')
    expect(text).toContain('instead: Use SET LOCAL')
    expect(text).toContain('(2 times)')
    expect(text).toContain('4 violations of 2 hazards. 2 allowed with a reason.')
    expect(text).toContain('profile pgbouncer-1.18, schedule rotate, seed 11')
    expect(renderReport(report, 'pretty', { paint: (style, part) => `<${style}>${part}` })).toContain('<red>leak')
  })

  test('is a failing JUnit suite without a character that XML forbids', () => {
    const xml = renderReport(report, 'junit')
    expect(xml).toContain('<testsuite name="pooler-safe" tests="2" failures="2"')
    expect(xml).toContain('&lt;script&gt;&amp;')
    expect(xml).not.toContain('<script>')
    expect(Array.from(xml).every((one) => one >= ' ' || one === '\n')).toBe(true)
  })

  test('is one HTML page without scripts, with every statement escaped', () => {
    const page = renderReport(report, 'html')
    expect(page).not.toContain('<script')
    expect(page).toContain('set app.tenant = &#39;&lt;script&gt;&amp;&quot;')
    expect(page.match(/<rect /g)).toHaveLength(10)
    expect(page.match(/class="bad"/g)).toHaveLength(4)
    expect(page).toContain('a test of the report')
  })

  test('fails from its worst severity on', () => {
    expect(isFailing(report)).toBe(true)
    expect(isFailing(report, 'leak')).toBe(true)
    expect(isFailing({ ...report, hazards: report.hazards.slice(1) }, 'leak')).toBe(false)
    expect(isFailing({ ...report, hazards: report.hazards.slice(1) }, 'loss')).toBe(true)
  })
})

test('a clean run passes in every format', async () => {
  const report = await runOf(['select 1'])
  expect(isFailing(report)).toBe(false)
  expect(renderReport(report, 'pretty')).toContain('No violations.')
  expect(renderReport(report, 'junit')).toContain('failures="0"')
  expect(renderReport(report, 'html')).toContain('<h1>No violations</h1>')
})

test('refuses a format it does not know', async () => {
  const report = await runOf([])
  expect(() => renderReport(report, 'yaml' as 'json')).toThrow(expect.objectContaining({ code: 'invalid-option' }))
})
