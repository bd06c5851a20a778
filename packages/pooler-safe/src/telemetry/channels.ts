import { channel, tracingChannel, type Channel } from 'node:diagnostics_channel'
import type { HazardId } from '@pooler-safe/hazards'

/** Where a client connection leads. */
export interface TraceEndpoint {
  readonly host: string
  readonly port: number
  readonly database: string | undefined
  readonly user: string | undefined
}

/** The context of `pooler-safe:query`: one request on its way to the server and back. */
export interface QueryTrace {
  readonly endpoint: TraceEndpoint
  /** The text; of several statements that share a request, all texts, each run of the same one once. */
  readonly text: string
  /** How many statements share the request. BEGIN and settings that ride along do not count. */
  readonly statements: number
  /** How many values were bound; the values themselves are not told. */
  readonly parameters: number
  /** The command tag and the rows, once the answer is there. */
  result?: unknown
  error?: unknown
}

/** The context of `pooler-safe:transaction`: one `db.transaction(work)`, with all its attempts. */
export interface TransactionTrace {
  readonly isolation: string | undefined
  readonly readOnly: boolean | undefined
  /** How often the work was started so far. */
  attempts: number
  result?: unknown
  error?: unknown
}

/** The context of `pooler-safe:checkout`: one client asked of a pool. */
export interface CheckoutTrace {
  /** The `SafePool`. */
  readonly pool: object
  error?: unknown
}

/** The message of `pooler-safe:refused`: SQL or a request that was refused before a byte was sent. */
export interface RefusedMessage {
  readonly text: string | undefined
  readonly error: Error
  readonly hazard: HazardId | undefined
}

/** The message of `pooler-safe:outcome-unknown`: the answer to something that may have taken effect was lost. */
export interface OutcomeUnknownMessage {
  readonly text: string
  readonly error: unknown
}

export const queryChannel = tracingChannel<unknown, QueryTrace>('pooler-safe:query')
export const transactionChannel = tracingChannel<unknown, TransactionTrace>('pooler-safe:transaction')
export const checkoutChannel = tracingChannel<unknown, CheckoutTrace>('pooler-safe:checkout')
export const refusedChannel = channel('pooler-safe:refused') as Channel<unknown, RefusedMessage>
export const outcomeUnknownChannel = channel('pooler-safe:outcome-unknown') as Channel<unknown, OutcomeUnknownMessage>
