import { forEachPooler } from '@pooler-safe/tests/support'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApiUnderTest, problem, useApiDatabase, type ApiUnderTest } from './api-under-test.ts'
import { documentedOperations, readDocument, type OpenApiDocument } from './document.ts'
import { fillTenant, type Filled } from './filled-tenant.ts'

const database = useApiDatabase()

/** What the parameter of a path names, by what the path begins with. */
function idFor(path: string, filled: Filled): string {
  const names: readonly (readonly [string, string])[] = [
    ['/v1/jobs/', filled.job],
    ['/v1/job-batches/', filled.jobBatch],
    ['/v1/batches/', filled.batch],
    ['/v1/scans/', filled.laterScan],
    ['/v1/scan-batches/', filled.scanBatch],
    ['/v1/domains/', filled.host],
    ['/v1/sitemap-scans/', filled.laterSitemapScan],
    ['/v1/sites/', filled.sitemapHost],
    ['/v1/places/searches/', filled.search],
    ['/v1/places/status-changes/', filled.placeChange],
    ['/v1/places/', filled.place],
    ['/v1/tokens/', filled.token],
  ]
  const found = names.find(([start]) => path.startsWith(start))
  if (!found) throw new Error(`the test does not know what ${path} names`)
  return found[1]
}

/** Bodies and queries that the operations with a parameter need to get as far as to look for it. */
const bodies: Readonly<Record<string, unknown>> = {
  tagSitemapUrls: { filter: { pageType: 'article' }, add: ['stolen'] },
  failJobBatch: { errorCode: 'stolen', error: 'stolen' },
}
const queries: Readonly<Record<string, (filled: Filled) => string>> = {
  compareSitemapScans: ({ sitemapScan }) => `?since=${sitemapScan}`,
}

forEachPooler(database, (pooler) => {
  let under: ApiUnderTest
  let filled: Filled
  let document: OpenApiDocument
  beforeAll(async () => {
    under = await openApiUnderTest(pooler.url)
    filled = await fillTenant(under, under.token)
    document = await readDocument(under.url)
  }, 120_000)
  afterAll(() => under.close())

  const snapshot = async (): Promise<unknown> => {
    const paths = [
      `/v1/jobs/${filled.job}`,
      `/v1/job-batches/${filled.jobBatch}`,
      `/v1/batches/${filled.batch}`,
      `/v1/places/${filled.place}`,
      `/v1/places/${filled.place}/history`,
      `/v1/places/searches/${filled.search}`,
      `/v1/sites/${filled.sitemapHost}/urls`,
    ]
    return Promise.all(paths.map(async (path) => (await under.call(path)).json()))
  }

  test("another tenant's ids are answered like ids that there are not, on every route with a parameter, and change nothing", async () => {
    const withParameter = documentedOperations(document).filter(({ path }) => path.includes('{'))
    expect(withParameter.length).toBeGreaterThan(30)
    const before = await snapshot()
    const other = under.as(under.otherToken)
    const wrong: string[] = []
    for (const { id, method, path, operation } of withParameter) {
      const ask = async (value: string): Promise<{ status: number; code: string; text: string }> => {
        const init = { method: method.toUpperCase() }
        const answer = await other(
          `${path.replace(/\{\w+\}/, value)}${queries[id]?.(filled) ?? ''}`,
          operation.requestBody === undefined ? init : { ...init, json: bodies[id] ?? {} },
        )
        const body = await problem(answer)
        return { status: answer.status, code: body.code, text: body.detail.replaceAll(value, '…') }
      }
      const isHost = path.includes('{host}')
      const theirs = await ask(idFor(path, filled))
      const nobodys = await ask(isHost ? 'nobody.example' : crypto.randomUUID())
      if (theirs.status !== 404 || JSON.stringify(theirs) !== JSON.stringify(nobodys)) {
        wrong.push(`${id}: ${JSON.stringify(theirs)}, not ${JSON.stringify(nobodys)}`)
      }
      if (!isHost && (await ask('no-id')).status !== 404) wrong.push(`${id}: what is no id is not 404`)
    }
    expect(wrong).toEqual([])
    expect(await snapshot()).toEqual(before)
  })

  test("lists, exports and counts of another tenant have nothing of the tenant's", async () => {
    const other = under.as(under.otherToken)
    const lists = documentedOperations(document).filter(
      ({ method, path, id }) =>
        method === 'get' && path.startsWith('/v1/') && !path.includes('{') && id !== 'streamEvents',
    )
    for (const { path, id } of lists) {
      const text = await (await other(path)).text()
      for (const value of Object.values<string>({ ...filled }))
        expect(text.includes(value), `${id} tells ${value}`).toBe(false)
      if (id.startsWith('list') && id !== 'listTokens')
        expect(JSON.parse(text) as unknown).toEqual({ items: [], next: null })
    }
  })

  test("another tenant's ids in queries and bodies name nothing", async () => {
    const other = under.as(under.otherToken)
    const status = async (path: string, json?: unknown): Promise<number> =>
      (await other(path, json === undefined ? {} : { json })).status
    const items = async (path: string): Promise<unknown> =>
      ((await (await other(path)).json()) as { items: unknown }).items
    const echo = { type: 'test.echo', payload: { text: 'x' } }
    expect(await items(`/v1/jobs?batchId=${filled.jobBatch}`)).toEqual([])
    expect(await items(`/v1/scans?batchId=${filled.scanBatch}`)).toEqual([])
    expect(await items(`/v1/places?searchId=${filled.search}`)).toEqual([])
    expect(await status('/v1/jobs', { ...echo, batchId: filled.jobBatch })).toBe(404)
    expect(await status('/v1/places/status', { ids: [filled.place], status: 'Archived' })).toBe(404)
    const bulk = (await (
      await other('/v1/jobs/bulk', { json: { action: 'retry', ids: [filled.job] } })
    ).json()) as object
    expect(bulk).toMatchObject({ done: 0, refused: 1, results: [{ code: 'JOB_NOT_FOUND' }] })
    for (const topic of [`job:${filled.job}`, `batch:${filled.batch}`, `scan:${filled.scan}`]) {
      expect(await status(`/v1/events?topics=${topic}`)).toBe(404)
    }
  })
})
