import type { Meter, ObservableCallback } from '@opentelemetry/api'
import type { SafePool } from 'pooler-safe'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import type { TracingChannel, TracingChannelSubscribers } from 'node:diagnostics_channel'
import { performance } from 'node:perf_hooks'
import type { CheckoutTrace, QueryTrace, RefusedMessage } from './channels.ts'
import { errorAttributes, operationAttributes } from './otel-attributes.ts'

/** The buckets that the semantic conventions ask for, in seconds. */
const explicitBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** Measures queries, checkouts, refusals and lost outcomes, and gauges pools; returns what stops it. */
export function observeMetrics(meter: Meter, pools: Readonly<Record<string, SafePool>>): () => void {
  const stops = [...observeOperations(meter), observeCheckouts(meter, pools), observePools(meter, pools)]
  return () => {
    for (const stop of stops) stop()
  }
}

function observeOperations(meter: Meter): (() => void)[] {
  const duration = meter.createHistogram('db.client.operation.duration', {
    description: 'Duration of database client operations.',
    unit: 's',
    advice: { explicitBucketBoundaries },
  })
  const refusals = meter.createCounter('pooler_safe.refused', {
    description: 'Requests that were refused before they were sent.',
    unit: '{request}',
  })
  const lost = meter.createCounter('pooler_safe.outcome_unknown', {
    description: 'Requests whose answer was lost, so that they may or may not have taken effect.',
    unit: '{request}',
  })
  const onRefusal = (message: unknown): void => {
    refusals.add(1, { 'pooler_safe.hazard': (message as RefusedMessage).hazard ?? 'none' })
  }
  const onLost = (): void => {
    lost.add(1)
  }
  subscribe('pooler-safe:refused', onRefusal)
  subscribe('pooler-safe:outcome-unknown', onLost)
  return [
    timed(tracingChannel<unknown, QueryTrace>('pooler-safe:query'), (message, seconds) => {
      const failure = message.error === undefined ? {} : errorAttributes(message.error)
      duration.record(seconds, { ...operationAttributes(message), ...failure })
    }),
    () => {
      unsubscribe('pooler-safe:refused', onRefusal)
      unsubscribe('pooler-safe:outcome-unknown', onLost)
    },
  ]
}

function observeCheckouts(meter: Meter, pools: Readonly<Record<string, SafePool>>): () => void {
  const waitTime = meter.createHistogram('db.client.connection.wait_time', {
    description: 'The time it took to obtain a client from the pool.',
    unit: 's',
    advice: { explicitBucketBoundaries },
  })
  const timeouts = meter.createCounter('db.client.connection.timeouts', {
    description: 'Checkouts that did not get a client in time.',
    unit: '{timeout}',
  })
  const names = new Map<object, string>(Object.entries(pools).map(([name, pool]) => [pool, name]))
  return timed(tracingChannel<unknown, CheckoutTrace>('pooler-safe:checkout'), ({ pool, error }, seconds) => {
    const attributes = { 'db.client.connection.pool.name': names.get(pool) ?? 'unnamed' }
    if (error === undefined) waitTime.record(seconds, attributes)
    // pg-pool has no code for it.
    else if (error instanceof Error && error.message.includes('timeout exceeded')) timeouts.add(1, attributes)
  })
}

function observePools(meter: Meter, pools: Readonly<Record<string, SafePool>>): () => void {
  const count = meter.createObservableUpDownCounter('db.client.connection.count', {
    description: 'Client connections by state.',
    unit: '{connection}',
  })
  const max = meter.createObservableUpDownCounter('db.client.connection.max', {
    description: 'The most client connections that the pool opens.',
    unit: '{connection}',
  })
  const pending = meter.createObservableUpDownCounter('db.client.connection.pending_requests', {
    description: 'Requests that wait for a client.',
    unit: '{request}',
  })
  const each = (observe: (pool: SafePool, attributes: Record<string, string>) => void) => () => {
    for (const [name, pool] of Object.entries(pools)) observe(pool, { 'db.client.connection.pool.name': name })
  }
  const gauges: readonly (readonly [gauge: typeof count, read: ObservableCallback])[] = [
    [
      count,
      (result) => {
        each((pool, attributes) => {
          result.observe(pool.idleCount, { ...attributes, 'db.client.connection.state': 'idle' })
          result.observe(pool.totalCount - pool.idleCount, { ...attributes, 'db.client.connection.state': 'used' })
        })()
      },
    ],
    [max, (result) => each((pool, attributes) => result.observe(pool.options.max, attributes))()],
    [pending, (result) => each((pool, attributes) => result.observe(pool.waitingCount, attributes))()],
  ]
  for (const [gauge, read] of gauges) gauge.addCallback(read)
  return () => {
    for (const [gauge, read] of gauges) gauge.removeCallback(read)
  }
}

/** Calls back with the seconds between start and answer of what a tracing channel traces. */
function timed<Trace extends object>(
  traced: TracingChannel<unknown, Trace>,
  report: (message: Trace, seconds: number) => void,
): () => void {
  const starts = new WeakMap<Trace, number>()
  const listener: Partial<TracingChannelSubscribers<Trace>> = {
    start: (message) => void starts.set(message, performance.now()),
    asyncStart(message) {
      const started = starts.get(message)
      if (started !== undefined) report(message, (performance.now() - started) / 1_000)
    },
  }
  traced.subscribe(listener as TracingChannelSubscribers<Trace>)
  return () => {
    traced.unsubscribe(listener as TracingChannelSubscribers<Trace>)
  }
}
