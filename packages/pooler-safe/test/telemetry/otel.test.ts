import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database } from 'pooler-safe'
import { instrumentPoolerSafe, type InstrumentOptions } from 'pooler-safe/otel'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'

const database = useTestDatabase()

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterAll(() => {
  context.disable()
})

interface Observed {
  readonly db: Database
  readonly tracer: ReturnType<TracerProvider['getTracer']>
  readonly spans: () => readonly ReadableSpan[]
  readonly metrics: () => Promise<Record<string, { attributes: object; value: unknown }[]>>
  readonly stop: () => void
}

async function observed(work: (observed: Observed) => Promise<void>, options: InstrumentOptions = {}): Promise<void> {
  const spanExporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spanExporter })] })
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 60_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const db = createDatabase({ url: database.pooledUrl, max: 2 })
  const instrumentation = instrumentPoolerSafe({ tracerProvider, meterProvider, pools: { main: db.pool }, ...options })
  try {
    await work({
      db,
      tracer: tracerProvider.getTracer('test'),
      spans: () => spanExporter.getFinishedSpans(),
      async metrics() {
        metricExporter.reset()
        await reader.forceFlush()
        const all = metricExporter
          .getMetrics()
          .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((one) => one.metrics))
        return Object.fromEntries(
          all.map(({ descriptor, dataPoints }) => [
            descriptor.name,
            dataPoints.map(({ attributes, value }) => ({ attributes, value })),
          ]),
        )
      },
      stop: () => instrumentation.stop(),
    })
  } finally {
    instrumentation.stop()
    await db.close()
    await meterProvider.shutdown()
  }
}

test('a query is a client span with the attributes of the semantic conventions', () =>
  observed(async ({ db, spans }) => {
    await db.query('select $1::int as one', [1])
    const [span] = spans()
    expect(span!.name).toBe(`SELECT ${database.name}`)
    expect(span!.kind).toBe(SpanKind.CLIENT)
    expect(span!.attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.namespace': database.name,
      'db.operation.name': 'SELECT',
      'db.query.text': 'select $1::int as one',
      'db.response.returned_rows': 1,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(database.pooledUrl).port),
    })
  }))

test('a text without bound values may hold values, so it is not told unless asked for', async () => {
  await observed(async ({ db, spans }) => {
    await db.query(`select 'secret'`)
    expect(JSON.stringify(spans()[0]!.attributes)).not.toContain('secret')
  })
  await observed(
    async ({ db, spans }) => {
      await db.query(`select 'secret'`)
      expect(spans()[0]!.attributes['db.query.text']).toBe(`select 'secret'`)
    },
    { queryText: 'always' },
  )
})

test('a failure carries SQLSTATE, outcome and hazard, and the status of an error', () =>
  observed(async ({ db, spans }) => {
    await caught(db.query('select 1 / 0'))
    await caught(db.query('listen jobs'))
    const [failed, refused] = spans()
    expect(failed!.status.code).toBe(SpanStatusCode.ERROR)
    expect(failed!.attributes).toMatchObject({
      'error.type': '22012',
      'db.response.status_code': '22012',
      'pooler_safe.outcome': 'not-executed',
    })
    expect(refused!.attributes).toMatchObject({
      'error.type': 'POOLER_SAFE_SESSION_STATE',
      'pooler_safe.hazard': 'listen',
      'pooler_safe.outcome': 'not-executed',
    })
    expect(refused!.attributes['db.response.status_code']).toBeUndefined()
  }))

test('a transaction is a span, its queries are its children, under the span of the program', () =>
  observed(async ({ db, tracer, spans }) => {
    await tracer.startActiveSpan('request', async (request) => {
      await db.transaction(async (tx) => {
        await tx.query('select 1')
        await tracer.startActiveSpan('step', async (step) => {
          await tx.query('select 2')
          step.end()
        })
      })
      request.end()
    })
    const byName = (name: string): ReadableSpan => spans().find((span) => span.name === name)!
    const parentName = (span: ReadableSpan): string | undefined =>
      spans().find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId)?.name
    expect(parentName(byName('transaction'))).toBe('request')
    expect(parentName(byName('step'))).toBe('request')
    const selects = spans().filter(({ name }) => name.startsWith('SELECT'))
    expect(selects.map(parentName)).toEqual(['transaction', 'step'])
    expect(parentName(byName(`COMMIT ${database.name}`))).toBe('transaction')
  }))

test('queries that wait for a client are children of their own callers', () =>
  observed(async ({ db, tracer, spans }) => {
    await Promise.all(
      Array.from({ length: 10 }, (_, caller) =>
        tracer.startActiveSpan(`caller ${caller}`, async (span) => {
          await db.query('select $1::int', [caller])
          span.end()
        }),
      ),
    )
    const queries = spans().filter(({ name }) => name.startsWith('SELECT'))
    const parents = queries.map(({ parentSpanContext }) => parentSpanContext?.spanId)
    expect(new Set(parents).size).toBe(10)
    expect(parents).not.toContain(undefined)
  }))

test('durations, refusals and the pool are measured', () =>
  observed(async ({ db, metrics }) => {
    await Promise.all(Array.from({ length: 6 }, () => db.query('select pg_sleep(0.01)')))
    await caught(db.query('listen jobs'))
    const client = await db.pool.connect()
    const measured = await metrics()
    client.release()
    const durations = measured['db.client.operation.duration']!
    expect(durations.map(({ attributes }) => attributes)).toContainEqual({
      'db.system.name': 'postgresql',
      'db.namespace': database.name,
      'db.operation.name': 'SELECT',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(database.pooledUrl).port),
    })
    expect(durations[0]!.value).toMatchObject({ count: 6 })
    expect(measured['pooler_safe.refused']).toEqual([{ attributes: { 'pooler_safe.hazard': 'listen' }, value: 1 }])
    const name = { 'db.client.connection.pool.name': 'main' }
    expect(measured['db.client.connection.count']).toEqual([
      { attributes: { ...name, 'db.client.connection.state': 'idle' }, value: 1 },
      { attributes: { ...name, 'db.client.connection.state': 'used' }, value: 1 },
    ])
    expect(measured['db.client.connection.max']).toEqual([{ attributes: name, value: 2 }])
    expect(measured['db.client.connection.pending_requests']).toEqual([{ attributes: name, value: 0 }])
    expect(measured['db.client.connection.wait_time']![0]).toMatchObject({ attributes: name, value: { count: 8 } })
  }))

test('after stop nothing is reported any more, and nobody listens', () =>
  observed(async ({ db, spans, stop }) => {
    await db.query('select 1')
    stop()
    await db.transaction((tx) => tx.query('select 2'))
    expect(spans()).toHaveLength(1)
    expect(trace.getActiveSpan()).toBeUndefined()
  }))
