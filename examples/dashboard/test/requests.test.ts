import { revokeApiToken, silentLogger } from '@pooler-safe/example-foundation'
import { migratePlatform } from '@pooler-safe/example-platform'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDashboardWorld, type DashboardWorld } from './dashboard-world.ts'
import { fillWithSamples, pagesOf, type SamplePaths } from './sample-data.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

/** A browser without pages: keeps its cookies. */
class Client {
  readonly #cookies = new Map<string, string>()
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie === '' ? {} : { cookie }), ...(init.headers as Record<string, string>) }
    const response = await fetch(this.#url + path, { redirect: 'manual', ...init, headers })
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return response
  }

  async proof(path: string): Promise<string> {
    return /name="csrf" value="([^"]+)"/.exec(await (await this.request(path)).text())?.[1] ?? ''
  }

  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.request(path, { method: 'POST', body: new URLSearchParams(fields), headers })
  }

  async signIn(token: string, to = '/'): Promise<Response> {
    return this.post('/sign-in', { csrf: await this.proof('/sign-in'), token, to })
  }
}

let world: DashboardWorld
let paths: SamplePaths
let anna: Client
let berta: Client

beforeAll(async () => {
  world = await startDashboardWorld(database.pooledUrl, { maxFormBytes: 100_000 })
  paths = await fillWithSamples(world)
  anna = new Client(world.url)
  await anna.signIn(world.token)
  berta = new Client(world.url)
  await berta.signIn((await world.newTenant('Berta')).token)
})
afterAll(() => world[Symbol.asyncDispose]())

const everyPath = (): string[] => pagesOf(paths)

test('an item that was scanned leads to its scan, and the scan to its batch, which alone can be cancelled', async () => {
  const { platform, tenant, world: sites } = world
  const { batches, pages, database: session } = platform
  const { batch } = await batches.initiateBatchProcessing(session, tenant, [sites.url(sites.hosts.joinery)], {
    kind: 'domain-scan',
    options: { maxPages: 2 },
  })
  await expect.poll(async () => (await batches.getBatch(session, tenant, batch.id)).state).toBe('succeeded')
  const item = await (await anna.request(`/batches/${batch.id}`)).text()
  const scan = /href="(\/scans\/[^"]+)"/.exec(item)?.[1] ?? ''
  expect(item).toMatch(/2 pages,\s+\d+ contacts?/)
  const page = await (await anna.request(scan)).text()
  expect(page).toContain(`href="/batches/${batch.id}"`)
  expect(page).not.toContain('href="/jobs/')
  const { scan: stored } = await pages.getScan(session, tenant, scan.split('/').at(-1) ?? '')
  expect(stored.jobId).toBeNull()
  const cancelled = await anna.post(`${scan}/cancel`, { csrf: await anna.proof(scan) })
  expect(cancelled.headers.get('location')).toBe(`/batches/${batch.id}`)
})

describe('sessions', () => {
  test('a token makes a session that no script reads and no other site sends', async () => {
    const response = await new Client(world.url).signIn(world.token, '/jobs?state=failed')
    expect(response.headers.get('location')).toBe('/jobs?state=failed')
    const [session] = response.headers.getSetCookie().filter((cookie) => cookie.startsWith('dashboard_session='))
    expect(session).toMatch(/HttpOnly/)
    expect(session).toMatch(/SameSite=Strict/)
  })

  test('no sign-in leads to another server', async () => {
    for (const to of ['//evil.example', 'https://evil.example', '/\\evil.example', '/\t/evil.example']) {
      expect((await new Client(world.url).signIn(world.token, to)).headers.get('location')).toBe('/')
    }
  })

  test('a token that is unknown or revoked opens nothing, and a revoked one ends its session at once', async () => {
    const { tenant, token } = await world.newTenant('Caro')
    const caro = new Client(world.url)
    await caro.signIn(token)
    expect((await caro.request('/jobs')).status).toBe(200)
    const { rows } = await database.query<{ id: string }>('select id from api_tokens where tenant_id = $1', [tenant])
    await revokeApiToken(world.platform.database, tenant, rows[0]!.id)
    expect((await caro.request('/jobs')).headers.get('location')).toBe('/sign-in?to=%2Fjobs')
    expect((await new Client(world.url).signIn(token)).status).toBe(422)
    expect((await new Client(world.url).signIn('pst_nonsense')).status).toBe(422)
  })

  test('a token allows what its scopes say', async () => {
    const reader = new Client(world.url)
    await reader.signIn((await world.newTenant('Dora', ['jobs:read', 'tokens:read', 'tokens:write'])).token)
    expect((await reader.request('/jobs')).status).toBe(200)
    expect((await reader.request('/batches')).status).toBe(403)
    const csrf = await reader.proof('/jobs')
    expect((await reader.post('/jobs/bulk', { csrf, action: 'cancel' })).status).toBe(403)
    const wider = await reader.post('/settings/tokens', { csrf, name: 'more', scope: '*' })
    expect(wider.status).toBe(422)
    expect(await wider.text()).toContain('does not allow *')
  })

  test('a new token is shown once, and only its hash is kept', async () => {
    const csrf = await anna.proof('/settings')
    const made = await (await anna.post('/settings/tokens', { csrf, name: 'import', scope: 'jobs:read' })).text()
    const token = /data-token>(pst_[\w-]{43})</.exec(made)?.[1]
    expect(token).toBeDefined()
    expect(await (await anna.request('/settings')).text()).not.toContain(token)
    expect((await new Client(world.url).signIn(token!)).status).toBe(303)
  })
})

describe('forms of others are refused', () => {
  const cancelled = async () => (await world.platform.jobs.countJobs(world.platform.database, world.tenant)).cancelled

  test.each([
    ['without a proof', () => Promise.resolve(''), {}],
    ['with the proof of another session', () => berta.proof('/jobs'), {}],
    ['from another site', () => anna.proof('/jobs'), { origin: 'https://evil.example' }],
    ['from another site, as the browser says', () => anna.proof('/jobs'), { 'sec-fetch-site': 'cross-site' }],
  ])('%s', async (_case, proof, headers) => {
    const before = await cancelled()
    const { items } = await world.platform.jobs.listJobs(world.platform.database, world.tenant, { state: 'queued' })
    const fields = { csrf: await proof(), action: 'cancel', ...(items[0] ? { id: items[0].id } : {}) }
    expect((await anna.post('/jobs/bulk', fields, headers)).status).toBe(403)
    expect((await anna.post('/theme', { ...fields, theme: 'dark' }, headers)).status).toBe(403)
    expect((await anna.post('/settings/tokens', { ...fields, name: 'x', scope: '*' }, headers)).status).toBe(403)
    expect(await cancelled()).toBe(before)
  })

  test('also the one that signs in', async () => {
    const response = await new Client(world.url).post('/sign-in', { csrf: '', token: world.token })
    expect(response.status).toBe(403)
  })
})

describe('tenants', () => {
  test('nobody sees or changes what is another tenant’s, by no address', async () => {
    const csrf = await berta.proof('/jobs')
    const own = [paths.job, paths.batch, paths.scan, paths.sitemaps, paths.search]
    for (const path of [...own, `${paths.batch}/rejected`, `${paths.sitemaps}/urls`, `${paths.sitemaps}/changes`]) {
      expect([path, (await berta.request(path)).status]).toEqual([path, 404])
      expect([path, (await anna.request(path)).status]).toEqual([path, 200])
    }
    for (const path of [`${paths.batch}/export/csv`, `${paths.sitemaps}/export/csv`]) {
      expect((await berta.request(path)).status).toBe(404)
    }
    expect(await (await berta.request(`${paths.search}/export/csv`)).text()).not.toContain('Zahnarzt')
    const steps = [
      [paths.job, 'retry', 'cancel'],
      [paths.batch, 'pause', 'resume', 'cancel', 'retry'],
      [paths.scan, 'again', 'cancel'],
      [paths.sitemaps, 'again', 'cancel', 'tags'],
      [paths.search, 'resume', 'cancel'],
    ]
    for (const [path, ...names] of steps) {
      for (const name of names) expect((await berta.post(`${path}/${name}`, { csrf })).status).toBe(404)
    }
    const topics = own.map((path) => path.split('/').at(-1)!)
    for (const kind of ['job', 'batch', 'scan', 'sitemap-scan', 'places-search']) {
      for (const id of topics) expect((await berta.request(`/live?topics=${kind}:${id}`)).status).toBe(404)
    }
    const lists = await Promise.all(everyPath().map(async (path) => (await berta.request(path)).text()))
    expect(lists.join('')).not.toMatch(/stadtanzeiger|tischlerei|Zahnarzt Anger|Companies of Graz|Anna/)
  })

  test('places are curated by their own tenant alone', async () => {
    const { rows } = await database.query<{ id: string }>('select id from places where status = $1 limit 1', ['New'])
    const csrf = await berta.proof('/places/all')
    expect((await berta.post('/places/status', { csrf, id: rows[0]!.id, status: 'Archived' })).status).toBe(404)
    expect((await database.query('select from places where status = $1', ['Archived'])).rows).toEqual([])
  })
})

describe('every page', () => {
  test('is light, closed to scripts of others, and not kept by caches', async () => {
    for (const path of everyPath()) {
      const response = await anna.request(path)
      const text = await response.text()
      expect([path, response.status]).toEqual([path, 200])
      expect(response.headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      )
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(text).not.toMatch(/<script(?![^>]*src="\/assets)|<style| style="| on\w+="/)
    }
    const empty = await (await berta.request('/')).text()
    const assets = [...empty.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!)
    const sizes = await Promise.all(
      [...assets, assets[0]!.replace(/[^/]+$/, 'morph.js')].map(
        async (path) => (await (await anna.request(path)).arrayBuffer()).byteLength,
      ),
    )
    expect(sizes.every((size) => size > 0)).toBe(true)
    expect(sizes.reduce((sum, size) => sum + size, empty.length)).toBeLessThan(150_000)
  })

  test('says what cannot be done, and keeps what was filled in', async () => {
    const csrf = await anna.proof('/batches/new')
    const refused = await anna.post('/batches', { csrf, sites: 'not a site <b>', name: 'Mine' })
    expect(refused.status).toBe(422)
    expect(await refused.text()).toMatch(/No line of the input names a site[^]*not a site &lt;b&gt;[^]*Mine/)
    expect((await anna.post('/batches', { csrf, sites: 'x\n'.repeat(80_000) })).status).toBe(413)
    expect((await anna.post(`${paths.batch}/pause`, { csrf })).status).toBe(409)
    expect((await anna.request('/jobs?domain=%20..&state=nonsense')).status).toBe(422)
    expect((await anna.request('/batches?after=nonsense')).status).toBe(422)
    expect((await anna.request('/nowhere')).status).toBe(404)
    expect((await anna.request(`${paths.batch}/export/exe`)).status).toBe(422)
    const csv = await anna.request(`${paths.batch}/export/csv`)
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="batch-[\w-]+\.csv"$/)
    expect((await csv.text()).split('\r\n').length).toBe(67)
  })
})
