import { TestkitError } from '../testkit-error.ts'
import type { ServerMessage } from './decode.ts'

/** An ErrorResponse as an exception: `sqlstate` and `severity` as PostgreSQL (or a pooler) sent them. */
export class ServerError extends TestkitError {
  readonly sqlstate: string
  readonly severity: string
  readonly serverMessage: string
  readonly detail: string | undefined

  constructor(response: ServerMessage) {
    super('server-error', `${response.severity} ${response.code}: ${response.message}`)
    this.name = 'ServerError'
    this.sqlstate = response.code
    this.severity = response.severity
    this.serverMessage = response.message
    this.detail = response.detail
  }
}
