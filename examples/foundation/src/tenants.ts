import type { Session } from 'pooler-safe'
import { isId, newId } from './identifiers.ts'
import { ServiceError } from './service-error.ts'

declare const tenantBrand: unique symbol

/**
 * Whose data an operation is about. It comes from who is authenticated, never from a body or a query parameter, so
 * nothing but {@link tenantId} and the functions here make one.
 */
export type TenantId = string & { readonly [tenantBrand]: true }

/** @throws ServiceError TENANT_INVALID */
export function tenantId(value: string): TenantId {
  if (!isId(value)) throw new ServiceError('TENANT_INVALID', 'A tenant id is a UUID.')
  return value.toLowerCase() as TenantId
}

/** Adds a tenant. One round trip. */
export async function createTenant(session: Session, name: string): Promise<TenantId> {
  const id = newId()
  await session.query('insert into tenants (id, name) values ($1, $2)', [id, name])
  return id as TenantId
}

/** The tenant of that name, added if there is none. At most two round trips, safe for several processes at once. */
export async function ensureTenant(session: Session, name: string): Promise<TenantId> {
  const { rows } = await session.query<{ id: TenantId }>(
    `with added as (insert into tenants (id, name) values ($1, $2) on conflict (name) do nothing returning id)
     select id from added union all select id from tenants where name = $2 limit 1`,
    [newId(), name],
  )
  const [row] = rows
  // Somebody added it after our snapshot was taken: it is there now.
  return row?.id ?? ensureTenant(session, name)
}

/** The name of a tenant; undefined when there is none of that id. One round trip. */
export async function tenantName(session: Session, tenant: TenantId): Promise<string | undefined> {
  const { rows } = await session.query<{ name: string }>('select name from tenants where id = $1', [tenant])
  return rows[0]?.name
}
