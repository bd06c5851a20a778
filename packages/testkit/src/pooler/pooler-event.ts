import type { Violation } from '../judge/violation.ts'
import type { RecordedStatement } from '../recording/recording.ts'

interface ClientEvent {
  readonly client: number
  readonly applicationName: string
  readonly user: string
  readonly database: string
}

/** Something that happened in the pooler, for a live view. */
export type PoolerEvent =
  | (ClientEvent & { readonly type: 'client-connected' | 'client-closed' | 'cancel' })
  | (ClientEvent & { readonly type: 'client-failed'; readonly sqlstate: string; readonly message: string })
  | (ClientEvent & {
      readonly type: 'transaction-started' | 'transaction-ended'
      readonly transaction: number
      readonly backendPid: number
    })
  | (ClientEvent & {
      readonly type: 'statement'
      readonly transaction: number
      readonly backendPid: number
      readonly statement: RecordedStatement
    })
  | { readonly type: 'violation'; readonly violation: Violation }
  | { readonly type: 'backend-opened'; readonly backendPid: number; readonly user: string; readonly database: string }
  | {
      readonly type: 'backend-closed'
      readonly backendPid: number
      readonly user: string
      readonly database: string
      readonly reason: string
    }
