import type { Authentication } from '@pooler-safe/example-foundation'
import type { Answer } from './answer.ts'

/** What is known about a request on its way. */
export interface ApiVariables {
  Variables: {
    requestId: string
    /** The operation that it asks for, once that is known. */
    operation?: string
    auth?: Authentication
    /** What was answered in the transaction that has yet to commit. */
    answer?: Answer
  }
}
