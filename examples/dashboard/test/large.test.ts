import { createApiToken, ensureTenant, silentLogger } from '@pooler-safe/example-foundation'
import { migratePlatform } from '@pooler-safe/example-platform'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { createDashboard } from '../src/index.ts'
import { startDashboardWorld } from './dashboard-world.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

const limitMs = 150

test('pages are made within 150 ms with 100,000 jobs and a batch of 50,000 items', { timeout: 120_000 }, async () => {
  await using world = await startDashboardWorld(database.pooledUrl, { works: false })
  const { platform, tenant, token } = world
  const other = await ensureTenant(platform.database, 'other')
  await createApiToken(platform.database, { tenant: other, name: 'x', scopes: ['*'] })
  await database.query(
    `insert into jobs (id, public_id, tenant_id, type, state, payload, max_attempts, attempt, worker, started_at,
       finished_at, heartbeat_at, error_code, error, failures, domain)
     select gen_random_uuid(), 'job_' || lpad(n::text, 20, '0'), case when n % 10 = 0 then $2::uuid else $1::uuid end,
       'domain.scan', case when n % 7 = 0 then 'failed' when n % 50 = 1 then 'queued' else 'succeeded' end, '{}', 3,
       case when n % 50 = 1 and n % 7 <> 0 then 0 else 1 end, 'worker-' || n % 4,
       case when n % 50 = 1 and n % 7 <> 0 then null else now() - interval '1 hour' end,
       case when n % 50 = 1 and n % 7 <> 0 then null else now() - n * interval '0.5 seconds' end, now(),
       case when n % 7 = 0 then 'http_5xx' end, case when n % 7 = 0 then 'It answered 500.' end, 0,
       'firma-' || n % 1000 || '.example'
     from generate_series(1, 111000) n`,
    [tenant, other],
  )
  const lines = Array.from({ length: 50_000 }, (_, at) => `firma-${at + 1}.example`)
  const { batch } = await platform.batches.initiateBatchProcessing(platform.database, tenant, lines.join('\n'))
  await database.query(
    `update domain_batch_items set state = 'failed', finished_at = now(), error_code = 'dns', error = 'no' where batch_id = $1 and ordinal % 9 = 0`,
    [batch.id],
  )
  await database.query('vacuum analyze jobs, domain_batch_items, domain_batches')
  const app = createDashboard({ platform, logger: silentLogger() })
  const paths = [
    '/',
    '/jobs',
    '/jobs?state=failed',
    '/jobs?type=domain.scan&state=queued',
    '/jobs?domain=firma-17.example',
    '/batches',
    `/batches/${batch.id}`,
    `/batches/${batch.id}?state=failed&error=dns`,
    `/batches/${batch.id}?after=49000`,
  ]
  const times: Record<string, number> = {}
  for (const path of paths) {
    times[path] = Number.POSITIVE_INFINITY
    // Others use this machine as well: the best of several says what the page takes.
    for (let round = 0; round < 8; round += 1) {
      const started = performance.now()
      const response = await app.request(path, { headers: { cookie: `dashboard_session=${token}` } })
      await response.text()
      expect(response.status).toBe(200)
      times[path] = Math.min(times[path], performance.now() - started)
    }
  }
  process.stdout.write(
    `${JSON.stringify(Object.fromEntries(Object.entries(times).map(([path, ms]) => [path.replace(batch.id, ':id'), Math.round(ms)])))}\n`,
  )
  expect(Object.entries(times).filter(([, ms]) => ms > limitMs)).toEqual([])
})
