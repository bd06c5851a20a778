import type { HazardId } from '@pooler-safe/hazards'
import { PoolerSafeError, type PoolerSafeCode } from './pooler-safe-error.ts'

/** Where in a text the words at fault are, in UTF-16 units from its start. */
export interface TextPosition {
  readonly start: number
  readonly end: number
}

/** SQL was refused before a byte of it was sent; the client connection is as usable as before. */
export class SqlRefusedError extends PoolerSafeError {
  override readonly name: string = 'SqlRefusedError'
  /** The words at fault: the setting, the function, the object. */
  readonly subject: string
  /** Where they are in the text. */
  readonly position: TextPosition
  /** Which statement of the text, from 0. */
  readonly statement: number

  constructor(
    code: PoolerSafeCode,
    message: string,
    details: {
      readonly hazard?: HazardId | undefined
      readonly hint?: string | undefined
      readonly docsUrl?: string | undefined
      readonly subject: string
      readonly position: TextPosition
      readonly statement: number
    },
  ) {
    super(code, message, { outcome: 'not-executed', ...details })
    this.subject = details.subject
    this.position = details.position
    this.statement = details.statement
  }
}
