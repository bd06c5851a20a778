import type { ConnectionInternals, Submittable } from './pg-internals.ts'
import type { GuardedConnection } from './safe-connection.ts'
import { toError } from '../errors/to-error.ts'

/** Submittables whose `submit` is guarded already, in case one is handed over twice. */
const guarded = new WeakSet<Submittable>()

/**
 * Makes the `submit` of a cursor, stream or copy safe to call: a refusal or exception becomes a returned error, which is
 * `pg`'s contract for "not sent". A `submit` that throws would leave the client waiting for ever.
 */
export function guardSubmit(query: Submittable): void {
  if (guarded.has(query)) return
  guarded.add(query)
  const submit = query.submit.bind(query)
  query.submit = (connection: ConnectionInternals): unknown => {
    const guard = connection as GuardedConnection
    // Some submittables rearrange the socket's listeners before they send, so their text is judged first.
    if (typeof query.text === 'string') {
      const refusal = guard.admission.text(query.text, false)
      if (refusal) return refusal
    }
    const listeners = connection.stream.listenerCount('data')
    guard.beginRequest()
    let failure: unknown
    try {
      failure = submit(connection)
    } catch (error) {
      failure = error
    }
    // pg-query-stream and pg-cursor return nothing; only an error means "not sent".
    const failed = failure instanceof Error
    const { wrote } = guard.endRequest(failed)
    if (!failed) return null
    if (wrote || connection.stream.listenerCount('data') !== listeners) connection.stream.destroy(toError(failure))
    return failure
  }
}
