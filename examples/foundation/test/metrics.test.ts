import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { codeOf, createMetrics, openDatabase, ServiceError, silentLogger } from '../src/index.ts'

const database = useTestDatabase()

test('the text shows the client connections of a pool as they are when it is read', async () => {
  await using pooled = openDatabase({
    url: database.pooledUrl,
    applicationName: 'metrics',
    max: 3,
    logger: silentLogger(),
  })
  const metrics = createMetrics({ service: 'test', processMetrics: false })
  metrics.watchPool(pooled, 'main')
  const connections = async (): Promise<Record<string, number>> => {
    const lines = (await metrics.text()).matchAll(
      /^pooler_safe_client_connections\{database="main",state="(\w+)",service="test"\} (\d+)$/gm,
    )
    return Object.fromEntries([...lines].map(([, state = '', value]) => [state, Number(value)]))
  }
  expect(await connections()).toEqual({ used: 0, idle: 0, waiting: 0 })
  await pooled.transaction(async (tx) => {
    await tx.query('select 1')
    expect(await connections()).toEqual({ used: 1, idle: 0, waiting: 0 })
  })
  expect(await connections()).toEqual({ used: 0, idle: 1, waiting: 0 })
  expect(await metrics.text()).toContain('pooler_safe_client_connections_max{database="main",service="test"} 3')
})

test('work is counted by outcome, failures by their code', async () => {
  const metrics = createMetrics({ service: 'test', processMetrics: false })
  expect(await metrics.observe('scan', () => Promise.resolve(7), codeOf)).toBe(7)
  const failure = new ServiceError('SCAN_FAILED', 'It failed.')
  await expect(metrics.observe('scan', () => Promise.reject(failure), codeOf)).rejects.toBe(failure)
  const text = await metrics.text()
  expect(text).toContain('service_work_duration_seconds_count{service="test",work="scan",outcome="succeeded"} 1')
  expect(text).toContain('service_work_duration_seconds_count{service="test",work="scan",outcome="failed"} 1')
  expect(text).toContain('service_failures_total{work="scan",code="SCAN_FAILED",service="test"} 1')
})

test('each process has a registry of its own, in the format of Prometheus', async () => {
  const [first, second] = [createMetrics({ service: 'a' }), createMetrics({ service: 'b' })]
  expect(await first.text()).toMatch(/^# HELP process_cpu_user_seconds_total /m)
  expect(await second.text()).toContain('service="b"')
  expect(await second.text()).not.toContain('service="a"')
  expect(first.contentType).toMatch(/^text\/plain/)
})
