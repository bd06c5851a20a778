/**
 * `pg`, with guarded clients: for libraries that take the driver as a module.
 *
 * Everything `pg` exports is here under the same name and is the same object, except that `Client` is a `SafeClient`,
 * `Pool` a `SafePool`, and `native` is `null`: libpq writes to the socket by itself, so nothing could be guarded.
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

/** A `SafeClient`. Options that are not known are ignored, because libraries hand over their own; unsafe ones are refused. */
export class Client extends SafeClient {
  static override readonly unknownOptions = 'ignore'
}

/** A `SafePool`. Options that are not known are ignored, because libraries hand over their own; unsafe ones are refused. */
export class Pool extends SafePool {
  static override readonly unknownOptions = 'ignore'
}

/** There are no native bindings that could be guarded. */
export const native = null

/** The module object, as `require('pg')` returns it. */
const safePg: Omit<typeof pg, 'Client' | 'Pool' | 'native'> & {
  readonly Client: typeof Client
  readonly Pool: typeof Pool
  readonly native: null
} = { ...pg, Client, Pool, native }

export default safePg
