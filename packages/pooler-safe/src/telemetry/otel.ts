/**
 * OpenTelemetry for pooler-safe: spans, metrics and pool gauges, after OpenTelemetry's semantic conventions for database
 * clients. Listens to the diagnostics channels; without it nothing of OpenTelemetry is loaded. Needs `@opentelemetry/api`.
 */
import { metrics, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api'
import type { SafePool } from 'pooler-safe'
import { observeMetrics } from './otel-metrics.ts'
import { observeSpans, type QueryTextOption } from './otel-spans.ts'

export interface InstrumentOptions {
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider | undefined
  /** Pools to gauge, by the name to report them under. */
  readonly pools?: Readonly<Record<string, SafePool>> | undefined
  /**
   * Whose text becomes `db.query.text`. Default `parameterized`: only of queries with bound values, because other texts may
   * hold values.
   */
  readonly queryText?: QueryTextOption | undefined
}

/** What {@link instrumentPoolerSafe} returns. */
export interface Instrumentation extends Disposable {
  /** Stops listening. Spans that are open end as they would have. */
  stop(): void
}

/**
 * Reports queries, transactions and pools to OpenTelemetry, until it is stopped.
 *
 * @example
 * const db = createDatabase({ url })
 * const instrumentation = instrumentPoolerSafe({ pools: { main: db.pool } })
 */
export function instrumentPoolerSafe(options: InstrumentOptions = {}): Instrumentation {
  const tracer = (options.tracerProvider ?? trace).getTracer('pooler-safe')
  const meter = (options.meterProvider ?? metrics).getMeter('pooler-safe')
  const stops = [observeSpans(tracer, options.queryText ?? 'parameterized'), observeMetrics(meter, options.pools ?? {})]
  const stop = (): void => {
    for (const one of stops.splice(0)) one()
  }
  return { stop, [Symbol.dispose]: stop }
}
