import type { SafeClient } from '../client/safe-client.ts'
import type { SafeQuery } from '../client/safe-query.ts'
import { toError } from '../errors/to-error.ts'
import { sessionError } from './session-error.ts'

/** Runs one query on a client, with the errors of a session. */
export function run(client: SafeClient, query: SafeQuery): Promise<unknown> {
  return new Promise((resolve, reject) => {
    query.callback = (error, answer) => {
      if (error) reject(toError(sessionError(error)))
      else resolve(answer)
    }
    client.execute(query)
  })
}
