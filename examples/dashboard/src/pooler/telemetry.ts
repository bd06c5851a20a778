import { subscribe, tracingChannel, unsubscribe, type TracingChannelSubscribers } from 'node:diagnostics_channel'
import type { CheckoutTrace, QueryTrace, RefusedMessage, TransactionTrace } from 'pooler-safe'
import { z } from 'zod'

/** What one process saw on the channels of `pooler-safe` since it started. */
export const telemetrySchema = z.object({
  queries: z.number(),
  transactions: z.number(),
  /** Requests that were refused before a byte was sent, by hazard. */
  refused: z.record(z.string(), z.number()),
  /** Requests whose answer was lost, so that nobody knows whether they took effect. */
  outcomeUnknown: z.number(),
  checkouts: z.number(),
  /** How long the last checkouts waited, in milliseconds. */
  waitsMs: z.array(z.number()),
  /** How long the oldest transaction that is open now has been open, in milliseconds; 0 without one. */
  openTransactionMs: z.number(),
  /** The longest that a transaction was open. */
  longestTransactionMs: z.number(),
})

export type Telemetry = z.infer<typeof telemetrySchema>

/** Checkouts whose wait is kept: enough for a 99th percentile of the last moments. */
const waitsKept = 500

/** Counts what `pooler-safe` tells in this process, of all its databases. */
export class TelemetryCounter implements Disposable {
  #queries = 0
  #transactions = 0
  #outcomeUnknown = 0
  #checkouts = 0
  #longestTransactionMs = 0
  readonly #refused = new Map<string, number>()
  readonly #waitsMs: number[] = []
  readonly #checkoutStarts = new WeakMap<CheckoutTrace, number>()
  readonly #open = new Map<TransactionTrace, number>()
  readonly #stops: (() => void)[]

  constructor() {
    this.#stops = [
      plain('pooler-safe:refused', (message) => {
        const { hazard = 'other' } = message as RefusedMessage
        this.#refused.set(hazard, (this.#refused.get(hazard) ?? 0) + 1)
      }),
      plain('pooler-safe:outcome-unknown', () => {
        this.#outcomeUnknown += 1
      }),
      traced<QueryTrace>('pooler-safe:query', {
        start: () => {
          this.#queries += 1
        },
      }),
      traced<CheckoutTrace>('pooler-safe:checkout', {
        start: (trace) => void this.#checkoutStarts.set(trace, performance.now()),
        asyncStart: (trace) => this.#checkedOut(trace),
      }),
      traced<TransactionTrace>('pooler-safe:transaction', {
        start: (trace) => {
          this.#transactions += 1
          this.#open.set(trace, performance.now())
        },
        asyncStart: (trace) => this.#ended(trace),
      }),
    ]
  }

  snapshot(): Telemetry {
    const now = performance.now()
    const [oldest = now] = this.#open.values()
    return {
      queries: this.#queries,
      transactions: this.#transactions,
      refused: Object.fromEntries(this.#refused),
      outcomeUnknown: this.#outcomeUnknown,
      checkouts: this.#checkouts,
      waitsMs: this.#waitsMs.map((ms) => Math.round(ms * 1_000) / 1_000),
      openTransactionMs: Math.round(now - oldest),
      longestTransactionMs: Math.round(this.#longestTransactionMs),
    }
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops.splice(0)) stop()
  }

  #checkedOut(trace: CheckoutTrace): void {
    const started = this.#checkoutStarts.get(trace)
    if (started === undefined) return
    this.#checkouts += 1
    this.#waitsMs.push(performance.now() - started)
    if (this.#waitsMs.length > waitsKept) this.#waitsMs.shift()
  }

  #ended(trace: TransactionTrace): void {
    const started = this.#open.get(trace)
    if (started === undefined) return
    this.#open.delete(trace)
    this.#longestTransactionMs = Math.max(this.#longestTransactionMs, performance.now() - started)
  }
}

function plain(name: string, listener: (message: unknown) => void): () => void {
  subscribe(name, listener)
  return () => void unsubscribe(name, listener)
}

function traced<Trace extends object>(name: string, listener: Partial<TracingChannelSubscribers<Trace>>): () => void {
  const channel = tracingChannel<unknown, Trace>(name)
  channel.subscribe(listener as TracingChannelSubscribers<Trace>)
  return () => channel.unsubscribe(listener as TracingChannelSubscribers<Trace>)
}

/** What all processes saw together. */
export interface TelemetrySum extends Omit<Telemetry, 'waitsMs'> {
  /** How long a checkout waits: half of the last ones no longer than this, in milliseconds. */
  readonly waitP50Ms: number | undefined
  readonly waitP99Ms: number | undefined
}

export function sumOf(all: readonly Telemetry[]): TelemetrySum {
  const total = (pick: (one: Telemetry) => number): number => all.reduce((sum, one) => sum + pick(one), 0)
  const refused: Record<string, number> = {}
  for (const one of all) {
    for (const [hazard, count] of Object.entries(one.refused)) refused[hazard] = (refused[hazard] ?? 0) + count
  }
  const waits = all.flatMap(({ waitsMs }) => waitsMs).sort((a, b) => a - b)
  return {
    queries: total(({ queries }) => queries),
    transactions: total(({ transactions }) => transactions),
    refused,
    outcomeUnknown: total(({ outcomeUnknown }) => outcomeUnknown),
    checkouts: total(({ checkouts }) => checkouts),
    waitP50Ms: percentile(waits, 0.5),
    waitP99Ms: percentile(waits, 0.99),
    openTransactionMs: Math.max(0, ...all.map(({ openTransactionMs }) => openTransactionMs)),
    longestTransactionMs: Math.max(0, ...all.map(({ longestTransactionMs }) => longestTransactionMs)),
  }
}

function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}
