import { context, SpanKind, SpanStatusCode, trace, type Context, type Span, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel, type TracingChannelSubscribers } from 'node:diagnostics_channel'
import type { QueryTrace, TransactionTrace } from './channels.ts'
import { errorAttributes, operationAttributes } from './otel-attributes.ts'

export type QueryTextOption = 'always' | 'parameterized' | 'never'

/** The transaction that work belongs to: its span, and the span that was active when it began. */
interface OpenTransaction {
  readonly span: Span
  readonly outside: Span | undefined
}

/** Makes a span of every query and transaction; returns what stops it. */
export function observeSpans(tracer: Tracer, queryText: QueryTextOption): () => void {
  const queries = tracingChannel<unknown, QueryTrace>('pooler-safe:query')
  const transactions = tracingChannel<unknown, TransactionTrace>('pooler-safe:transaction')
  const open = new AsyncLocalStorage<OpenTransaction>()
  const spans = new WeakMap<object, Span>()

  const end = (message: (QueryTrace | TransactionTrace) & { error?: unknown }): void => {
    const span = spans.get(message)
    if (!span) return
    spans.delete(message)
    if ('attempts' in message && message.attempts > 1) span.setAttribute('pooler_safe.attempts', message.attempts)
    const rows = rowsOf(message.result)
    if (rows !== undefined) span.setAttribute('db.response.returned_rows', rows)
    if (message.error !== undefined) {
      span.setAttributes(errorAttributes(message.error))
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(message.error) })
    }
    span.end()
  }

  const onQuery: Partial<TracingChannelSubscribers<QueryTrace>> = {
    start(message) {
      const attributes = operationAttributes(message)
      const told = queryText === 'always' || (queryText === 'parameterized' && message.parameters > 0)
      const parent = parentOf(open.getStore())
      const name = [attributes['db.operation.name'], attributes['db.namespace']].filter(Boolean).join(' ')
      const span = tracer.startSpan(
        name === '' ? 'postgresql' : name,
        {
          kind: SpanKind.CLIENT,
          attributes: { ...attributes, ...(told && { 'db.query.text': message.text }) },
        },
        parent,
      )
      spans.set(message, span)
    },
    asyncEnd: end,
  }
  const onTransaction: Partial<TracingChannelSubscribers<TransactionTrace>> = { asyncEnd: end }

  // Work inside the transaction finds its span, without any help of its own.
  transactions.start.bindStore(open, (message): OpenTransaction => {
    const outer = open.getStore()
    const span = tracer.startSpan(
      'transaction',
      {
        kind: SpanKind.INTERNAL,
        attributes: {
          'db.system.name': 'postgresql',
          ...(message.isolation !== undefined && { 'pooler_safe.isolation': message.isolation }),
        },
      },
      parentOf(outer),
    )
    spans.set(message, span)
    return { span, outside: trace.getSpan(context.active()) }
  })
  queries.subscribe(onQuery as TracingChannelSubscribers<QueryTrace>)
  transactions.subscribe(onTransaction as TracingChannelSubscribers<TransactionTrace>)
  return () => {
    transactions.start.unbindStore(open)
    queries.unsubscribe(onQuery as TracingChannelSubscribers<QueryTrace>)
    transactions.unsubscribe(onTransaction as TracingChannelSubscribers<TransactionTrace>)
  }
}

/** The span that a program opened inside the transaction, or else that of the transaction. */
function parentOf(transaction: OpenTransaction | undefined): Context {
  const active = context.active()
  if (!transaction || trace.getSpan(active) !== transaction.outside) return active
  return trace.setSpan(active, transaction.span)
}

function rowsOf(result: unknown): number | undefined {
  const { rows } = (result ?? {}) as { rows?: unknown }
  return Array.isArray(rows) ? rows.length : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
