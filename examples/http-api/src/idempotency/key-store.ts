import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'

/** The answer to a request as it is kept. */
export interface KeptAnswer {
  readonly status: number
  readonly location: string | null
  /** JSON. */
  readonly body: string | null
}

/** A key that was used. */
export interface UsedKey {
  readonly id: string
  readonly fingerprint: Buffer | null
  /** Null while the request is under way. */
  readonly status: number | null
  readonly location: string | null
  readonly body: string | null
  /** Somebody works on it who was heard of lately. */
  readonly isHeld: boolean
}

/** Takes a key that nobody has used, or that has expired. Says whether it is ours. */
export async function claimKey(
  session: Session,
  tenant: TenantId,
  key: string,
  claim: { readonly id: string; readonly keepMs: number; readonly holdMs: number },
): Promise<boolean> {
  const { rowCount } = await session.query(
    `insert into api_idempotency_keys as k (tenant_id, key, id, held_until, expires_at)
     values ($1, $2, $3, now() + make_interval(secs => $4::float8 / 1000), now() + make_interval(secs => $5::float8 / 1000))
     on conflict (tenant_id, key) do update set
       id = excluded.id, fingerprint = null, status = null, location = null, body = null, created_at = now(),
       held_until = excluded.held_until, expires_at = excluded.expires_at
     where k.expires_at <= now()`,
    [tenant, key, claim.id, claim.holdMs, claim.keepMs],
  )
  return rowCount === 1
}

export async function findKey(session: Session, tenant: TenantId, key: string): Promise<UsedKey | undefined> {
  const { rows } = await session.query<UsedKey>(
    `select id, fingerprint, status, location, body, coalesce(held_until > now(), false) as "isHeld"
     from api_idempotency_keys where tenant_id = $1 and key = $2 and expires_at > now()`,
    [tenant, key],
  )
  return rows[0]
}

/** Writes the answer, of the use of the key that has this id. */
export async function keepAnswer(
  session: Session,
  tenant: TenantId,
  id: string,
  fingerprint: Buffer,
  { status, location, body }: KeptAnswer,
): Promise<void> {
  await session.query(
    `update api_idempotency_keys set fingerprint = $3, status = $4, location = $5, body = $6, held_until = null
     where tenant_id = $1 and id = $2 and status is null`,
    [tenant, id, fingerprint, status, location, body],
  )
}

/** Says that somebody works on it still; or takes over from one who was not heard of. False when another one holds it. */
export async function holdKey(
  session: Session,
  tenant: TenantId,
  id: string,
  holdMs: number,
  { takeOver }: { readonly takeOver: boolean },
): Promise<boolean> {
  const { rowCount } = await session.query(
    `update api_idempotency_keys set held_until = now() + make_interval(secs => $3::float8 / 1000)
     where tenant_id = $1 and id = $2 and status is null and (not $4::boolean or held_until <= now())`,
    [tenant, id, holdMs, takeOver],
  )
  return rowCount === 1
}

/** Lets go of a key whose request failed, so that it can be sent again at once. */
export async function releaseKey(session: Session, tenant: TenantId, id: string): Promise<void> {
  await session.query(
    'update api_idempotency_keys set held_until = now() where tenant_id = $1 and id = $2 and status is null',
    [tenant, id],
  )
}

/** Deletes keys that have expired. Says how many. */
export async function deleteExpiredKeys(session: Session, limit = 10_000): Promise<number> {
  const { rowCount } = await session.query(
    `delete from api_idempotency_keys where (tenant_id, key) in (
       select tenant_id, key from api_idempotency_keys where expires_at <= now() order by expires_at limit $1
     )`,
    [limit],
  )
  return rowCount ?? 0
}
