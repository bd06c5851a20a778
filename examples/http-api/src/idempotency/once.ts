import { newId, type TenantId } from '@pooler-safe/example-foundation'
import type { Database, Session } from 'pooler-safe'
import { keyInUse, keyReused } from './fingerprint.ts'
import { claimKey, findKey, keepAnswer, type KeptAnswer } from './key-store.ts'

export interface OnceOptions {
  readonly tenant: TenantId
  readonly key: string
  /** Of the request; see `beginFingerprint`. */
  readonly fingerprint: Buffer
  /** How long the answer is kept. */
  readonly keepMs: number
}

/** An answer, and whether it was given before. */
export interface OnceAnswer {
  readonly answer: KeptAnswer
  readonly isReplayed: boolean
}

/**
 * Does work once for each key: the answer is written in the transaction of the work, so both are there or neither.
 *
 * When the answer to COMMIT is lost, PostgreSQL is asked what became of the transaction. Work that fails leaves no trace of
 * its key. Two at once: one does the work, the other is refused, and waits for nothing while it holds a backend.
 *
 * @throws ApiError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE; whatever the work throws
 */
export async function once(
  database: Database,
  { tenant, key, fingerprint, keepMs }: OnceOptions,
  work: (tx: Session) => Promise<KeptAnswer>,
): Promise<OnceAnswer> {
  const outcome = await database.tryLock(
    `api idempotency ${tenant} ${key}`,
    async (tx): Promise<OnceAnswer> => {
      const used = await findKey(tx, tenant, key)
      if (used) {
        if (used.status === null || used.fingerprint === null) throw keyInUse()
        if (!used.fingerprint.equals(fingerprint)) throw keyReused()
        return { answer: { ...used, status: used.status }, isReplayed: true }
      }
      const id = newId()
      if (!(await claimKey(tx, tenant, key, { id, keepMs, holdMs: 60_000 }))) throw keyInUse()
      const answer = await work(tx)
      await keepAnswer(tx, tenant, id, fingerprint, answer)
      return { answer, isReplayed: false }
    },
    { confirm: true, retries: 2, timeoutMs: 60_000 },
  )
  if (!outcome.locked) throw keyInUse()
  return outcome.result
}
