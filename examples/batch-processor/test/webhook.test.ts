import { afterEach, expect, test } from 'vitest'
import { verifyWebhook, webhookKey } from '../src/index.ts'
import { hasEnded, until, useBatchDatabase, useBatches, useBatchWorkers } from './batch-database.ts'
import { startWeb, type TestWeb } from './web.ts'

const database = useBatchDatabase()
const under = useBatches(() => database.pooledUrl, { work: () => Promise.resolve(null) })
const startWorker = useBatchWorkers(under)
let web: TestWeb | undefined

afterEach(async () => {
  await web?.[Symbol.asyncDispose]()
  web = undefined
})

test('the end of a batch is told once for each round, signed for the tenant, and again until it was taken', async () => {
  let refusals = 1
  web = await startWeb(() => ({ status: (refusals -= 1) >= 0 ? 503 : 200 }))
  let works = false
  await startWorker({
    http: web.client,
    webhookSecret: 'the secret of the service',
    processors: {
      work: ({ ordinal }) => (works || ordinal > 1 ? Promise.resolve(null) : Promise.reject(new Error('no'))),
    },
  })
  const { batch } = await under.batches.initiateBatchProcessing(
    under.database,
    under.tenant,
    ['one.test', 'two.test'],
    {
      kind: 'work',
      maxAttempts: 1,
      webhookUrl: web.url('hook.test'),
    },
  )
  await until(under, batch.id, hasEnded)
  // The first delivery is refused: the job of the webhook is repeated after its pause.
  await expect.poll(() => web?.seen.length, { timeout: 20_000 }).toBe(2)
  const [refused, taken] = web.seen
  expect(JSON.parse(taken!.body)).toMatchObject({
    type: 'batch.ended',
    data: { id: batch.id, state: 'partial', round: 1, counts: { total: 2, succeeded: 1, failed: 1 } },
  })
  expect(refused!.headers['webhook-id']).toBe(taken!.headers['webhook-id'])
  const key = webhookKey('the secret of the service', under.tenant)
  const headers = taken!.headers as Record<string, string>
  expect(verifyWebhook(key, headers, taken!.body)).toBe(true)
  expect(verifyWebhook(key, headers, taken!.body.replace('partial', 'succeeded'))).toBe(false)
  expect(verifyWebhook(webhookKey('the secret of the service', under.otherTenant), headers, taken!.body)).toBe(false)
  expect(verifyWebhook(key, headers, taken!.body, new Date(Date.now() + 301_000))).toBe(false)
  expect(verifyWebhook(key, { ...headers, 'webhook-id': 'another' }, taken!.body)).toBe(false)
  expect(verifyWebhook(key, {}, taken!.body)).toBe(false)

  works = true
  await under.batches.retryFailedItems(under.database, under.tenant, batch.id)
  await until(under, batch.id, ({ state }) => state === 'succeeded')
  await expect.poll(() => web?.seen.length, { timeout: 20_000 }).toBe(3)
  expect(JSON.parse(web.seen[2]!.body)).toMatchObject({ data: { state: 'succeeded', round: 2 } })
  expect(web.seen[2]!.headers['webhook-id']).not.toBe(taken!.headers['webhook-id'])
}, 60_000)

test('a cancelled batch is told of as well', async () => {
  web = await startWeb(() => ({}))
  await startWorker({ http: web.client, webhookSecret: 's' })
  const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, ['one.test'], {
    kind: 'work',
    webhookUrl: web.url('hook.test'),
  })
  await under.batches.cancelBatch(under.database, under.tenant, batch.id).catch(() => undefined)
  await expect.poll(() => web?.seen.length, { timeout: 10_000 }).toBe(1)
})
