import type pg from 'pg'
import type * as poolerSafe from '../index.ts'
import { originalsKey, type Originals } from '../client/originals-key.ts'

type Pg = typeof pg & { [originalsKey]?: Originals }
type PoolerSafe = Pick<typeof poolerSafe, 'PoolerSafeError' | 'SafeClient' | 'SafePool'>

/** Replaces `Client` and `Pool` of the `pg` that belongs to this package. Doing it twice changes nothing. */
export function registerGuard(require: NodeJS.Require): void {
  const loaded = require.cache[require.resolve('pg')]
  if ((loaded?.exports as Pg | undefined)?.[originalsKey]) return
  const { PoolerSafeError, SafeClient, SafePool } = require('./index.cjs') as PoolerSafe
  if (loaded) {
    throw new PoolerSafeError(
      'POOLER_SAFE_REGISTERED_TOO_LATE',
      'pooler-safe/register was loaded after pg: whoever loaded pg may hold clients and classes that are not guarded.',
      {
        outcome: 'not-executed',
        hint: 'Load it before everything else: node --import pooler-safe/register app.js (or --require). Do not import it from the program.',
      },
    )
  }
  const driver = require('pg') as Pg
  const originals: Originals = { Client: driver.Client, Pool: driver.Pool }
  Object.defineProperty(driver, originalsKey, { value: originals })
  Object.assign(driver, {
    Client: class Client extends SafeClient {
      static override readonly unknownOptions = 'ignore'
      // Programs ask for instances of pg.Client, and a client of another copy of this package is one as well.
      static override [Symbol.hasInstance](value: unknown): boolean {
        return isInstance(value, this === driver.Client ? originals.Client : this)
      }
    },
    Pool: class Pool extends SafePool {
      static override readonly unknownOptions = 'ignore'
      static override [Symbol.hasInstance](value: unknown): boolean {
        return isInstance(value, this === driver.Pool ? originals.Pool : this)
      }
    },
  })
  // The other bindings are reached through a getter of pg, which would hand out the unguarded client.
  Object.defineProperty(driver, 'native', { value: null, configurable: true })
}

function isInstance(value: unknown, owner: { readonly prototype: object }): boolean {
  return typeof value === 'object' && value !== null && Object.prototype.isPrototypeOf.call(owner.prototype, value)
}
