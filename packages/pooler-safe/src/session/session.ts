import type pg from 'pg'
import type { Transaction } from './transaction.ts'

/** A statement as query builders and template tags produce it (`sql-template-tag`, Kysely, Drizzle). */
export interface Statement {
  readonly text: string
  readonly values?: readonly unknown[]
}

/** A column of a result, as `pg` describes it: `name`, `dataTypeID` and more. */
export type Field = pg.FieldDef

/** What a statement returned. */
export interface QueryResult<Row> {
  readonly rows: Row[]
  /** Rows returned or affected; `null` for commands that count none. */
  readonly rowCount: number | null
  /** The command tag: `SELECT`, `INSERT`, … */
  readonly command: string
  readonly fields: readonly Field[]
}

/** Limits of one query. Unknown options are refused with POOLER_SAFE_BAD_OPTION. */
export interface QueryOptions {
  /**
   * Cancels the statement with a CancelRequest after this many milliseconds, waiting for a client connection included. The
   * error says whether it was executed.
   */
  readonly timeoutMs?: number
  /** Cancels the statement when it fires. */
  readonly signal?: AbortSignal
}

/** The isolation levels of PostgreSQL, as SQL spells them. */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

/** Limits that the server enforces, in whole milliseconds. They exist only inside the transaction that asked for them. */
export interface TransactionTimeouts {
  /** How long one statement may run. */
  readonly statementTimeoutMs?: number
  /** How long a statement may wait for a lock. */
  readonly lockTimeoutMs?: number
  /** How long the transaction may sit idle between statements. The backend ends the client connection when it passes. */
  readonly idleInTransactionTimeoutMs?: number
}

/** How one transaction is run. Unknown options are refused with POOLER_SAFE_BAD_OPTION. */
export interface TransactionOptions extends TransactionTimeouts {
  /** Default: the server's (`read committed`). */
  readonly isolation?: IsolationLevel
  /** Writing is an error of the server (25006). Default: the server's setting. */
  readonly readOnly?: boolean
  /** With `serializable` and `readOnly`: wait for a snapshot that cannot fail. */
  readonly deferrable?: boolean
  /**
   * A deadline for the whole unit in milliseconds, waiting for a client connection and retries included. A running statement
   * is cancelled.
   */
  readonly timeoutMs?: number
  /**
   * How often the whole unit may be run again. Default 0. Only failures that left nothing behind are retried: serialization
   * failures (40001), deadlocks (40P01), and connections that were lost before COMMIT was sent.
   */
  readonly retries?: number
  /** Rolls back when it fires. */
  readonly signal?: AbortSignal
}

/**
 * What service functions take: a {@link Database} and a {@link Transaction} both are one, so the same function runs inside
 * or outside a transaction.
 */
export interface Session {
  /**
   * Runs one statement, unnamed.
   *
   * One round trip: Parse, Bind, Describe, Execute and Sync in one write. On a {@link Database} it is its own transaction on
   * whatever backend is free; on a {@link Transaction} it runs on the backend of the transaction.
   *
   * A statement that needs a session, several statements in one text and transaction control are refused before they are sent.
   *
   * @throws PostgreSQL's own errors unchanged (`DatabaseError`, SQLSTATE in `code`), {@link PoolerSafeError} for the rest;
   * `outcomeOf(error)` says for both whether the statement was executed
   * @example
   * ```ts
   * const { rows } = await db.query<{ id: number }>('select id from job where state = $1', ['queued'])
   * ```
   */
  query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<QueryResult<Row>>
  query<Row = Record<string, unknown>>(statement: Statement, options?: QueryOptions): Promise<QueryResult<Row>>

  /**
   * Runs `work` in a transaction: commits when it returns, rolls back when it throws.
   *
   * It resolves only when PostgreSQL has confirmed COMMIT. On a {@link Transaction} it is a savepoint.
   *
   * Round trips: BEGIN (settings ride along), one per awaited statement, COMMIT.
   *
   * @throws what `work` threw, after the rollback; {@link OutcomeUnknownError} when the answer to COMMIT was lost
   * @example
   * ```ts
   * await db.transaction(async (tx) => {
   *   for (const { id } of rows) await tx.query('update job set state = $2 where id = $1', [id, 'running'])
   * })
   * ```
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
}
