import type { SafeClient } from '../client/safe-client.ts'
import { SafeQuery } from '../client/safe-query.ts'
import { toError } from '../errors/to-error.ts'
import type { SafePool } from '../pool/safe-pool.ts'
import type { Limit } from './limit.ts'
import { run } from './run.ts'
import { sessionError } from './session-error.ts'

/** Takes a client from the pool. One that comes after the limit fired goes straight back. */
export function checkOut(pool: SafePool, limit: Limit | undefined): Promise<SafeClient> {
  return new Promise((resolve, reject) => {
    limit?.onFire(() => {
      if (limit.fired) reject(limit.fired('not-executed'))
    })
    if (limit?.fired) return
    pool.connect((error, client, release) => {
      limit?.onFire(undefined)
      if (limit?.fired) {
        if (client) release()
        return
      }
      if (error) reject(toError(sessionError(error)))
      else resolve(client as unknown as SafeClient)
    })
  })
}

/** Gives a client back to its pool; with an error it is destroyed. */
export function giveBack(client: SafeClient, error: unknown): void {
  const { release } = client as unknown as { release: (error?: unknown) => void }
  release(error)
}

/** A statement of the session machinery itself. */
export function internal(text: string): SafeQuery {
  const query = new SafeQuery(text)
  query.scope = 'internal'
  return query
}

/** Leaves a failed transaction. Returns why the client must not go back to the pool, if so. */
export async function leave(client: SafeClient): Promise<unknown> {
  await new Promise<void>((resolve) => client.whenQuiet(resolve))
  await client.cancelling
  if (client.isDead || client.status === 'I') return client.evicted
  try {
    await run(client, internal('rollback'))
    return client.evicted
  } catch (error) {
    return error
  }
}
