/**
 * `pg`, with guarded clients: for libraries that take the driver as a module.
 *
 * Everything `pg` exports is here under the same name and is the same object, except that `Client` is `SafeClient`, `Pool`
 * is `SafePool`, and `native` is `null`: libpq writes to the socket by itself, so nothing could be guarded.
 *
 * @example
 * import pg from 'pooler-safe/pg'
 *
 * new Sequelize(url, { dialectModule: pg, keepDefaultTimezone: true, dialectOptions: { clientMinMessages: 'ignore' } })
 * new DataSource({ type: 'postgres', url, driver: pg })
 */
import pg from 'pg'
import { SafeClient, SafePool } from 'pooler-safe'

export type * from 'pg'
export {
  Connection,
  DatabaseError,
  defaults,
  escapeIdentifier,
  escapeLiteral,
  Query,
  Result,
  TypeOverrides,
  types,
} from 'pg'
export { SafeClient as Client, SafePool as Pool } from 'pooler-safe'

/** There are no native bindings that could be guarded. */
export const native = null

/** The module object, as `require('pg')` returns it. */
const safePg: Omit<typeof pg, 'Client' | 'Pool' | 'native'> & {
  readonly Client: typeof SafeClient
  readonly Pool: typeof SafePool
  readonly native: null
} = { ...pg, Client: SafeClient, Pool: SafePool, native }

export default safePg
