import type { Database, Session } from 'pooler-safe'
import type { Db } from 'pg-boss'

/**
 * Lets pg-boss send its statements through a session: inside a transaction they commit or roll back with it.
 *
 * pg-boss sends exactly one statement for each of the calls that take a `db`.
 */
export function sessionExecutor(session: Session): Db {
  return { executeSql: (text, values) => session.query(text, values ?? []) }
}

/**
 * Lets pg-boss send its own statements through a pool behind a transaction-mode pooler.
 *
 * Statements with values are unnamed and alone. Those without are of two kinds: single statements, and units that pg-boss
 * writes as one text `BEGIN; set local …; select pg_advisory_xact_lock(…); …; COMMIT`. Such a text opens and closes its
 * own transaction, so it runs on one backend and leaves nothing behind; `pool.query` lets exactly these pass and checks
 * that COMMIT was answered with COMMIT.
 */
export function poolExecutor(database: Database): Db {
  return {
    executeSql: (text, values) =>
      values !== undefined && values.length > 0 ? database.query(text, values) : database.pool.query(text),
  }
}
