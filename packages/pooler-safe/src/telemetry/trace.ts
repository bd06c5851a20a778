// What the client, pool and session call to be observed. When nobody listens, that is one look per channel.
import { AsyncResource } from 'node:async_hooks'
import type pg from 'pg'
import type { QueryCallback } from '../client/pg-internals.ts'
import type { SafeQuery } from '../client/safe-query.ts'
import { hazardOf, isOutcomeUnknown } from '../errors/facts.ts'
import {
  checkoutChannel,
  outcomeUnknownChannel,
  queryChannel,
  refusedChannel,
  transactionChannel,
  type TransactionTrace,
} from './channels.ts'

/** Whether anybody wants to know about queries. */
export function isQueryTraced(): boolean {
  return queryChannel.hasSubscribers || outcomeUnknownChannel.hasSubscribers
}

/** Starts a query, told to `pooler-safe:query` and, when its outcome is lost, to `pooler-safe:outcome-unknown`. */
export function traceQuery(client: pg.Client, query: SafeQuery, start: () => void): void {
  if (outcomeUnknownChannel.hasSubscribers) tellLostOutcome(query)
  if (!queryChannel.hasSubscribers) {
    start()
    return
  }
  const { host, port, database, user } = client
  const trace = {
    endpoint: { host, port, database, user },
    ...query.told,
  }
  const settle: QueryCallback = query.callback ?? (() => undefined)
  queryChannel.traceCallback(
    (callback: QueryCallback) => {
      query.callback = callback
      start()
    },
    0,
    trace,
    undefined,
    settle,
  )
}

function tellLostOutcome(query: SafeQuery): void {
  const callback = query.callback
  query.callback = (error, result) => {
    if (isOutcomeUnknown(error)) outcomeUnknownChannel.publish({ text: query.told.text, error })
    callback?.(error, result)
  }
}

/** Tells `pooler-safe:refused`, and returns the refusal. */
export function tellRefusal(text: unknown, refusal: Error | undefined): Error | undefined {
  if (refusal && refusedChannel.hasSubscribers) {
    const hazard = hazardOf(refusal)
    refusedChannel.publish({ text: typeof text === 'string' ? text : undefined, error: refusal, hazard })
  }
  return refusal
}

type Connected<Client> = (error: Error | undefined, client: Client, release: (error?: unknown) => void) => void

/** Asks for a client, told to `pooler-safe:checkout`. What follows belongs to whoever asked, not to whoever released. */
export function traceCheckout<Client>(
  pool: object,
  callback: Connected<Client>,
  connect: (callback: Connected<Client>) => void,
): void {
  const traced = checkoutChannel.hasSubscribers
  if (!traced && !queryChannel.hasSubscribers && !transactionChannel.hasSubscribers) {
    connect(callback)
    return
  }
  const bound = AsyncResource.bind(callback)
  if (traced) checkoutChannel.traceCallback(connect, 0, { pool }, undefined, bound)
  else connect(bound)
}

/** Runs a transaction, told to `pooler-safe:transaction`. `run` is to count its attempts in the trace. */
export function traceTransaction<T>(
  options: { readonly isolation?: string | undefined; readonly readOnly?: boolean | undefined },
  run: (trace: TransactionTrace) => Promise<T>,
): Promise<T> {
  const trace: TransactionTrace = { isolation: options.isolation, readOnly: options.readOnly, attempts: 0 }
  if (!transactionChannel.hasSubscribers) return run(trace)
  return transactionChannel.tracePromise(() => run(trace), trace)
}
