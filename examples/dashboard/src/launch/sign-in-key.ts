import { randomBytes, timingSafeEqual } from 'node:crypto'
import { authenticate, createApiToken, revokeApiToken, type TenantId } from '@pooler-safe/example-foundation'
import type { Database } from 'pooler-safe'
import type { DataDirectory } from './data-directory.ts'

const tokenName = 'npm start'

/** What the printed link signs in with. */
export interface SignInKey extends AsyncDisposable {
  /** With the key of this instance in it: it ends with the instance. */
  readonly path: string
  /** The token that the browser gets; it stands in no address. Undefined for a key that is not this one. */
  tokenFor(key: string): string | undefined
}

/**
 * Makes the key of this instance. The token behind it is kept with the data, so that browsers stay signed in over a
 * restart; on a server that is not ours it is revoked at the end.
 */
export async function signInKey(
  database: Database,
  tenant: TenantId,
  directory: DataDirectory | undefined,
): Promise<SignInKey> {
  const key = randomBytes(24).toString('base64url')
  const { token, id } = await tokenOf(database, tenant, directory)
  return {
    path: `${openPath}/${key}`,
    tokenFor: (asked) => (isSame(asked, key) ? token : undefined),
    [Symbol.asyncDispose]: async () => {
      if (!directory) await revokeApiToken(database, tenant, id)
    },
  }
}

export const openPath = '/open'

function isSame(asked: string, key: string): boolean {
  const [a, b] = [Buffer.from(asked), Buffer.from(key)]
  return a.length === b.length && timingSafeEqual(a, b)
}

async function tokenOf(
  database: Database,
  tenant: TenantId,
  directory: DataDirectory | undefined,
): Promise<{ readonly token: string; readonly id: string }> {
  const token = directory?.kept.token
  if (token !== undefined) {
    const known = await authenticate(database, token).catch(() => undefined)
    if (known?.tenant === tenant) return { token, id: known.tokenId }
  }
  const made = await createApiToken(database, { tenant, name: tokenName, scopes: ['*'] })
  directory?.keep({ token: made.token })
  return made
}
