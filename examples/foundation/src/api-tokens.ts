import { createHash, randomBytes } from 'node:crypto'
import type { Session } from 'pooler-safe'
import { isId, newId } from './identifiers.ts'
import { ServiceError } from './service-error.ts'
import type { TenantId } from './tenants.ts'

/** Whose request it is, and what it may do. */
export interface Authentication {
  readonly tenant: TenantId
  readonly tokenId: string
  readonly scopes: readonly string[]
}

/** What is known of a token besides its secret. */
export interface ApiToken {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  /** To the minute. */
  readonly lastUsedAt: Date | null
}

export interface CreateApiTokenOptions {
  readonly tenant: TenantId
  /** For people, such as `dashboard of Anna`. */
  readonly name: string
  /** Such as `jobs:read`; `*` is everything. */
  readonly scopes: readonly string[]
  /** Default: it does not expire. */
  readonly expiresAt?: Date | undefined
}

const form = /^pst_[\w-]{43}$/
const scopeForm = /^(\*|[a-z][a-z-]{0,30}:[a-z][a-z-]{0,30})$/

/**
 * Makes a token. It is shown this once: the database has its hash alone. One round trip.
 *
 * @throws ServiceError TOKEN_OPTIONS_INVALID
 */
export async function createApiToken(
  session: Session,
  { tenant, name, scopes, expiresAt }: CreateApiTokenOptions,
): Promise<{ readonly id: string; readonly token: string }> {
  const bad = scopes.find((scope) => !scopeForm.test(scope))
  if (name.trim() === '' || name.length > 200 || scopes.length === 0 || bad !== undefined) {
    throw new ServiceError('TOKEN_OPTIONS_INVALID', 'A token needs a name of up to 200 characters, and scopes.', {
      hint: 'A scope is such as jobs:read, or * for everything.',
    })
  }
  const token = `pst_${randomBytes(32).toString('base64url')}`
  const id = newId()
  await session.query(
    `insert into api_tokens (id, tenant_id, name, secret_hash, scopes, expires_at)
     values ($1, $2, $3, $4, $5::text[], $6::timestamptz)`,
    [id, tenant, name.trim(), hashOf(token), [...new Set(scopes)], expiresAt?.toISOString() ?? null],
  )
  return { id, token }
}

/**
 * Who has this token. One round trip; none for what cannot be one.
 *
 * @throws ServiceError TOKEN_INVALID alike for a token that is unknown, expired or revoked
 */
export async function authenticate(session: Session, token: string): Promise<Authentication> {
  const { rows } = form.test(token)
    ? await session.query<{ id: string; tenant: TenantId; scopes: string[] }>(
        // Noted to the minute: not every request has to write.
        `with found as (
           select id, tenant_id, scopes, last_used_at from api_tokens
           where secret_hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())
         ), noted as (
           update api_tokens set last_used_at = now() from found
           where api_tokens.id = found.id
             and (found.last_used_at is null or found.last_used_at < now() - interval '1 minute')
         )
         select id, tenant_id as tenant, scopes from found`,
        [hashOf(token)],
      )
    : { rows: [] }
  const [row] = rows
  if (!row) {
    throw new ServiceError('TOKEN_INVALID', 'The token is not valid.', { hint: 'Make a new one if it has expired.' })
  }
  return { tenant: row.tenant, tokenId: row.id, scopes: row.scopes }
}

/** @throws ServiceError SCOPE_MISSING */
export function requireScope({ scopes }: Authentication, scope: string): void {
  if (scopes.includes('*') || scopes.includes(scope)) return
  throw new ServiceError('SCOPE_MISSING', `The token does not allow ${scope}.`, {
    hint: 'Use a token with that scope.',
  })
}

/** Ends a token at once. False if this tenant has none of that id, or it has ended before. One round trip. */
export async function revokeApiToken(session: Session, tenant: TenantId, id: string): Promise<boolean> {
  if (!isId(id)) return false
  const { rows } = await session.query(
    'update api_tokens set revoked_at = now() where tenant_id = $1 and id = $2 and revoked_at is null returning id',
    [tenant, id],
  )
  return rows.length > 0
}

export interface ApiTokenPage {
  /** Default 50, at most 200. */
  readonly limit?: number
  /** The id of the last token of the page before. */
  readonly after?: string
}

/** Tokens of a tenant, oldest first. One round trip. */
export async function listApiTokens(
  session: Session,
  tenant: TenantId,
  { limit = 50, after }: ApiTokenPage = {},
): Promise<readonly ApiToken[]> {
  const { rows } = await session.query<ApiToken>(
    `select id, name, scopes, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt",
            last_used_at as "lastUsedAt"
     from api_tokens where tenant_id = $1 and ($2::uuid is null or id > $2::uuid) order by id limit $3`,
    [tenant, after !== undefined && isId(after) ? after : null, Math.min(Math.max(1, Math.trunc(limit)), 200)],
  )
  return rows
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
