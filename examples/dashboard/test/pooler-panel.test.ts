import {
  ensureTenant,
  createApiToken,
  createHttpClient,
  openDatabase,
  silentLogger,
} from '@pooler-safe/example-foundation'
import { migratePlatform, openPlatform } from '@pooler-safe/example-platform'
import { startPgBouncer, startPooler, type BackendAudit } from '@pooler-safe/testkit'
import { capabilities, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import type { Database } from 'pooler-safe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDashboard } from '../src/index.ts'
import { hazardTrials } from '../src/pooler/hazard-trials.ts'
import { PoolerMonitor } from '../src/pooler/monitor.ts'
import { poolerPanel } from '../src/pooler/panel.ts'
import { TelemetryCounter } from '../src/pooler/telemetry.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

interface OwnPooler extends AsyncDisposable {
  readonly url: string
  readonly audit?: () => Promise<BackendAudit[]>
}

const poolSize = 3
const tenantless = '00000000-0000-7000-8000-000000000000'

/** Poolers of their own: state is left on their backends on purpose. */
const poolers: readonly (readonly [name: string, skip: boolean, start: () => Promise<OwnPooler>])[] = [
  [
    'the rotating pooler, which audits itself',
    false,
    async () => {
      const pooler = await startPooler({ upstream: database.directUrl, poolSize })
      return {
        url: pooler.url,
        audit: () => pooler.audit(),
        [Symbol.asyncDispose]: () => pooler.stop({ drainMs: 200 }),
      }
    },
  ],
  [
    'PgBouncer, audited through its own port (needs pgbouncer)',
    !capabilities.pgbouncer,
    async () => {
      const pooler = await startPgBouncer({ upstream: database.directUrl, poolSize, config: { server_round_robin: 1 } })
      return { url: pooler.url, [Symbol.asyncDispose]: () => pooler.stop() }
    },
  ],
]

for (const [name, skip, start] of poolers) {
  describe.skipIf(skip)(`through ${name}`, () => {
    const stack = new AsyncDisposableStack()
    let url = ''
    let db: Database
    let page: Page

    beforeAll(async () => {
      const pooler = stack.use(await start())
      url = pooler.url
      const logger = silentLogger()
      const http = stack.use(createHttpClient())
      db = openDatabase({ url, applicationName: 'panel', wireGuard: true, logger })
      stack.defer(() => db.close())
      const platform = stack.use(await openPlatform({ database: db, http, logger, providers: [] }))
      const monitor = stack.use(
        new PoolerMonitor({ database: db, url, description: name, audit: pooler.audit, report: await db.verify() }),
      )
      const app = createDashboard({ platform, logger, panels: [poolerPanel(monitor)] })
      const tenant = await ensureTenant(db, name)
      const tokenWith = async (scopes: string[]): Promise<string> =>
        (await createApiToken(db, { tenant, name: 'test', scopes })).token
      page = new Page(app, await tokenWith(['*']), await tokenWith(['jobs:read']), await tokenWith(['pooler:read']))
    })

    afterAll(() => stack.disposeAsync())

    test('says what the URL leads to, without its password', async () => {
      const text = await page.read()
      const { password, host } = new URL(url)
      expect(text).toContain(host)
      expect(text).not.toContain(password)
      expect(text).toContain('transaction mode')
      expect(text).toContain('its statements ran on backend')
      expect(text).toContain('on: every byte is scanned')
    })

    test('shows which backend works for whom', async () => {
      const somebody = new pg.Client({ connectionString: url, application_name: 'somebody' })
      await somebody.connect()
      await somebody.query('begin')
      const { rows } = await somebody.query<{ pid: number }>('select pg_backend_pid() as pid')
      const [pid, text] = [rows[0]?.pid, await page.read()]
      await somebody.query('rollback')
      await somebody.end()
      const row = new RegExp(`<tr id="backend-${pid}">.*?</tr>`, 's').exec(text)?.[0]
      expect(row).toContain('somebody')
      expect(row).toContain('idle in transaction')
      expect(row).toContain('select pg_backend_pid() as pid')
    })

    test.each(hazardTrials)('refuses: $title, and no byte of it leaves', async ({ id }) => {
      const text = await page.post('try', { hazard: id })
      const item = new RegExp(`<li id="hazard-${id}".*?</li>`, 's').exec(text)?.[0] ?? ''
      expect(item).toMatch(/<code>(SqlRefusedError|PoolerSafeError)<\/code>\s*<code>POOLER_SAFE_\w+<\/code>/)
      expect(plain(item)).toMatch(/ 0 bytes and 0 requests left this process/)
      expect(plain(item)).toMatch(/select 1 right after it, on the same client connection: [1-9]\d* bytes, 1 request/)
    })

    test('counts what it refused, by hazard', async () => {
      const counted = (text: string): number => Number(/<code>listen<\/code> (\d+) ×/.exec(text)?.[1] ?? 0)
      const before = counted(await page.read())
      await expect(db.query('listen somebody')).rejects.toThrow()
      expect(counted(await page.read())).toBe(before + 1)
    })

    test('the audit shows what a client without a guard left behind, and is clean before', async () => {
      expect(await page.post('audit')).toContain('all clean')

      const raw = new pg.Client({ connectionString: url })
      await raw.connect()
      await raw.query("set lock_timeout = '4321ms'")
      await raw.query('select pg_advisory_lock(4711)')
      await raw.end()

      const text = await page.post('audit')
      expect(text).not.toContain('all clean')
      const [, found = ''] = /<caption class="sr-only">\s*What was left on backends(.*?)<\/table>/s.exec(text) ?? []
      expect(found).toContain('lock_timeout')
      expect(found).toContain('4321')
      expect(found).toContain('4711')
      expect(found).toContain('advisory-session-lock')
    })

    test('probes again when it is asked to', async () => {
      expect(await page.post('probe')).toContain('The URL leads to a transaction endpoint.')
    })

    test('a token without the scope sees nothing and changes nothing', async () => {
      expect((await page.request('/pooler', { as: 'stranger' })).status).toBe(403)
      const reader = await page.request('/pooler', { as: 'reader' })
      expect(reader.status).toBe(200)
      const refused = await page.request('/pooler/audit', { as: 'reader', form: { csrf: csrfOf(await reader.text()) } })
      expect(refused.status).toBe(403)
    })

    test('a hazard that is not in the list, and a form that is not ours, are refused', async () => {
      const csrf = csrfOf(await page.read())
      expect((await page.request('/pooler/try', { form: { csrf, hazard: 'drop table jobs' } })).status).toBe(404)
      expect((await page.request('/pooler/try', { form: { csrf: 'x', hazard: 'set' } })).status).toBe(403)
    })
  })
}

test('counts how long transactions were open, waits for a client, and answers that were lost', async () => {
  using counter = new TelemetryCounter()
  const chaos = ['after the 1st Execute of client lossy, cut the client']
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize, chaos })
  const [db, lossy] = ['panel', 'lossy'].map((applicationName) =>
    openDatabase({ url: pooler.url, applicationName, logger: silentLogger() }),
  ) as [Database, Database]
  try {
    await db.transaction(async (tx) => {
      await tx.query('select pg_sleep($1)', [0.05])
      expect(counter.snapshot().openTransactionMs).toBeGreaterThanOrEqual(50)
    })
    const { checkouts, waitsMs, longestTransactionMs, ...rest } = counter.snapshot()
    expect(rest).toMatchObject({ transactions: 1, openTransactionMs: 0, outcomeUnknown: 0 })
    expect(longestTransactionMs).toBeGreaterThanOrEqual(50)
    expect(waitsMs).toHaveLength(checkouts)
    expect(checkouts).toBe(1)

    await expect(lossy.query('update tenants set name = name where id = $1', [tenantless])).rejects.toMatchObject({
      outcome: 'unknown',
    })
    expect(counter.snapshot().outcomeUnknown).toBe(1)
  } finally {
    await Promise.all([db.close(), lossy.close()])
  }
})

type App = ReturnType<typeof createDashboard>

/** The page as a browser without JavaScript has it. */
class Page {
  readonly #app: App
  readonly #tokens: Readonly<Record<'owner' | 'stranger' | 'reader', string>>

  constructor(app: App, owner: string, stranger: string, reader: string) {
    this.#app = app
    this.#tokens = { owner, stranger, reader }
  }

  async request(
    path: string,
    options: {
      readonly as?: 'owner' | 'stranger' | 'reader'
      readonly form?: Record<string, string>
      readonly cookie?: string
    } = {},
  ): Promise<Response> {
    const { as = 'owner', form, cookie = '' } = options
    return this.#app.request(`http://localhost${path}`, {
      method: form ? 'POST' : 'GET',
      headers: {
        cookie: `dashboard_session=${this.#tokens[as]}; ${cookie}`,
        ...(form ? { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost' } : {}),
      },
      ...(form ? { body: new URLSearchParams(form).toString() } : {}),
    })
  }

  async read(cookie = ''): Promise<string> {
    const response = await this.request('/pooler', { cookie })
    expect(response.status).toBe(200)
    return response.text()
  }

  /** Sends a form of the page, and follows to the page. */
  async post(action: string, fields: Record<string, string> = {}): Promise<string> {
    const form = { ...fields, csrf: csrfOf(await this.read()) }
    const response = await this.request(`/pooler/${action}`, { form })
    expect(response.status, await response.clone().text()).toBe(303)
    expect(response.headers.get('location')).toMatch(/^\/pooler#/)
    return this.read(
      response.headers
        .getSetCookie()
        .map((one) => one.split(';', 1)[0] ?? '')
        .join('; '),
    )
  }
}

/** As it is read. */
const plain = (text: string): string => text.replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ')

function csrfOf(text: string): string {
  return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
}
