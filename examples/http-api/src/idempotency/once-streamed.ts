import { newId, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import { beginFingerprint, keyInUse, keyReused } from './fingerprint.ts'
import { claimKey, findKey, holdKey, keepAnswer, releaseKey, type KeptAnswer } from './key-store.ts'
import type { OnceAnswer } from './once.ts'

export interface OnceStreamedOptions {
  readonly tenant: TenantId
  readonly key: string
  readonly request: Request
  readonly body: AsyncIterable<Uint8Array>
  readonly keepMs: number
  readonly logger: Logger
  /** A request that was not heard of for so long is taken for dead. Default 60,000. */
  readonly holdMs?: number
}

/**
 * Does work once for each key whose body is too large for one transaction.
 *
 * The key is held while the body is read, and its fingerprint is known at the end. A request that broke off is gone on with
 * by sending it again: `work` is given the id of this use of the key, the same both times. A request that was answered is
 * read to its end before its answer is given again, for only then it is known to be the same.
 *
 * @throws ApiError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE; whatever the work or the body throws
 */
export async function onceStreamed(
  session: Session,
  { tenant, key, request, body, keepMs, logger, holdMs = 60_000 }: OnceStreamedOptions,
  work: (body: AsyncIterable<Uint8Array>, useId: string) => Promise<KeptAnswer>,
): Promise<OnceAnswer> {
  const hash = beginFingerprint(request)
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      hash.update(chunk)
      yield chunk
    }
  }
  let useId = newId()
  if (!(await claimKey(session, tenant, key, { id: useId, keepMs, holdMs }))) {
    const used = await findKey(session, tenant, key)
    if (!used || used.isHeld) throw keyInUse()
    if (used.status !== null && used.fingerprint !== null) {
      for await (const chunk of hashed()) void chunk
      if (!used.fingerprint.equals(hash.digest())) throw keyReused()
      return { answer: { ...used, status: used.status }, isReplayed: true }
    }
    useId = used.id
    if (!(await holdKey(session, tenant, useId, holdMs, { takeOver: true }))) throw keyInUse()
  }
  const holding = setInterval(() => {
    holdKey(session, tenant, useId, holdMs, { takeOver: false }).catch((error: unknown) => {
      logger.warn({ err: error }, 'an Idempotency-Key could not be held')
    })
  }, holdMs / 3)
  try {
    const input = hashed()
    const answer = await work(input, useId)
    // Whoever did not need all of it did not see all of it.
    for await (const chunk of input) void chunk
    await keepAnswer(session, tenant, useId, hash.digest(), answer)
    return { answer, isReplayed: false }
  } catch (error) {
    await releaseKey(session, tenant, useId).catch(() => undefined)
    throw error
  } finally {
    clearInterval(holding)
  }
}
