import type { Database } from 'pooler-safe'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export interface MetricsOptions {
  /** Put on every line as `service`. */
  readonly service: string
  /** Memory, event loop and garbage collection of the process. Default true. */
  readonly processMetrics?: boolean
}

/** The metrics of a process, for `/metrics`. */
export interface Metrics {
  /** Where services add their own. */
  readonly registry: Registry
  /** For the header `Content-Type`. */
  readonly contentType: string
  /** The text that Prometheus reads. */
  text(): Promise<string>
  /** Shows the client connections of a database's pool, read when the text is. */
  watchPool(database: Pick<Database, 'pool'>, name: string): void
  /** Counts and times one piece of work; a failure counts under its code. */
  observe<T>(name: string, work: () => Promise<T>, codeOf: (error: unknown) => string): Promise<T>
}

/** Makes the metrics of a process; each has a registry of its own, so that several can be made in one process. */
export function createMetrics({ service, processMetrics = true }: MetricsOptions): Metrics {
  const registry = new Registry()
  const registers = [registry]
  registry.setDefaultLabels({ service })
  if (processMetrics) collectDefaultMetrics({ register: registry })
  const pools = new Map<string, Pick<Database, 'pool'>['pool']>()
  new Gauge({
    name: 'pooler_safe_client_connections',
    help: 'Client connections to the pooler, by state; waiting is who waits for one.',
    labelNames: ['database', 'state'],
    registers,
    collect() {
      for (const [database, pool] of pools) {
        this.set({ database, state: 'used' }, pool.totalCount - pool.idleCount)
        this.set({ database, state: 'idle' }, pool.idleCount)
        this.set({ database, state: 'waiting' }, pool.waitingCount)
      }
    },
  })
  new Gauge({
    name: 'pooler_safe_client_connections_max',
    help: 'The most client connections that the pool opens.',
    labelNames: ['database'],
    registers,
    collect() {
      for (const [database, pool] of pools) this.set({ database }, pool.options.max)
    },
  })
  const durations = new Histogram({
    name: 'service_work_duration_seconds',
    help: 'How long pieces of work took, by outcome.',
    labelNames: ['work', 'outcome'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  })
  const failures = new Counter({
    name: 'service_failures_total',
    help: 'Pieces of work that failed, by the code of the error.',
    labelNames: ['work', 'code'],
    registers,
  })
  return {
    registry,
    contentType: registry.contentType,
    text: () => registry.metrics(),
    watchPool: ({ pool }, name) => void pools.set(name, pool),
    observe: async (work, run, codeOf) => {
      const startedAt = performance.now()
      let outcome = 'failed'
      try {
        const result = await run()
        outcome = 'succeeded'
        return result
      } catch (error) {
        failures.inc({ work, code: codeOf(error) })
        throw error
      } finally {
        durations.observe({ work, outcome }, (performance.now() - startedAt) / 1_000)
      }
    },
  }
}
