import type { SafePool } from 'pooler-safe'
import type pg from 'pg'
import type { Item, LibraryTransaction } from './contract.ts'

/** What is asked in an open transaction, as SQL, where a library has no way of its own to say it. */
export const whereSql = 'select pg_backend_pid() as backend, txid_current() as transaction'
export const failSql = 'select 1 / 0'
export const insertSql = 'insert into item (id, name, position) values ($1, $2, $3)'
export const nameSql = 'select name from item where id = $1'

/** A transaction written by hand on a checked-out client, as programs do that use `pg` alone. */
export async function transactionByHand(
  pool: SafePool,
  work: (transaction: LibraryTransaction, client: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await work(onClient(client), client)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

/** The transaction that is open on a client. */
export function onClient(client: pg.ClientBase): LibraryTransaction {
  return {
    insert: (item) => client.query(insertSql, valuesOf(item)),
    whereAmI: async () => JSON.stringify((await client.query(whereSql)).rows),
    fail: () => client.query(failSql).catch(() => undefined),
  }
}

export function valuesOf({ id, name, position }: Item): [id: number, name: string, position: number] {
  return [id, name, position]
}
