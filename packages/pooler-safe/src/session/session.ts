import type pg from 'pg'
import type { CopyOptions } from '../copy/copy.ts'
import type { CopySource } from '../copy/copy-in-query.ts'
import type { LockKey } from '../lock/lock-key.ts'
import type { LockOptions, TryLockResult } from '../lock/lock.ts'
import type { SessionSettings } from '../settings/settings.ts'
import type { StreamOptions } from '../stream/stream-call.ts'
import type { Transaction } from './transaction.ts'

/** Carries the type of a statement's rows. There is nothing under it at run time. */
declare const rowType: unique symbol

/** A statement as query builders and template tags produce it (`sql-template-tag`, Kysely, Drizzle). */
export interface Statement<Row = unknown> {
  readonly text: string
  readonly values?: readonly unknown[]
  readonly [rowType]?: Row
}

/**
 * Makes a statement that knows the type of its rows, so that `batch` types each of its results.
 *
 * @example
 * const [{ rows }] = await db.batch([statement<{ id: number }>('insert into job default values returning id')])
 */
export function statement<Row = Record<string, unknown>>(
  text: string,
  values: readonly unknown[] = [],
): Statement<Row> {
  return { text, values }
}

/** What `batch` takes: texts without values, and statement objects. */
export type BatchStatement = string | Statement

type RowOf<S> = S extends { readonly [rowType]?: infer Row }
  ? unknown extends Row
    ? Record<string, unknown>
    : NonNullable<Row>
  : Record<string, unknown>

/** The results of `batch`, one per statement, each with the rows of its own. */
export type BatchResults<S extends readonly BatchStatement[]> = {
  -readonly [K in keyof S]: QueryResult<RowOf<S[K]>>
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

/** What `batch` is limited by wherever it runs. */
export interface BatchLimits extends QueryOptions {
  /** The most statements in one batch. Default 10,000. */
  readonly maxStatements?: number
  /** The most bytes of texts and values in one batch. Default 64 MiB. Results stay in memory too. */
  readonly maxBytes?: number
}

/** What has no meaning for one round trip. */
type InteractiveOptions = 'idleInTransactionTimeoutMs' | 'confirm' | 'idleBudgetMs' | 'onIdle'

/** Options of `Database.batch`. */
export interface BatchOptions extends BatchLimits, Omit<TransactionOptions, InteractiveOptions> {}

/** Options of `executeMany` wherever it runs. */
export interface ExecuteManyLimits extends QueryOptions {
  /** How many rows share one Sync. Default 1,000. */
  readonly chunkRows?: number
  /** How many bytes of values share one Sync, about. Default 4 MiB. */
  readonly chunkBytes?: number
}

/** Options of `Database.executeMany`. */
export interface ExecuteManyOptions extends ExecuteManyLimits, Omit<TransactionOptions, InteractiveOptions> {
  /** All rows or none, however many chunks they take. Default: each chunk is all or nothing. */
  readonly atomic?: boolean
}

/** The rows of `executeMany`: values for `$1`, `$2`, … each. */
export type ParameterRows = Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>

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
  /**
   * When the answer to COMMIT is lost, ask PostgreSQL over another client connection what became of the transaction, instead of
   * rejecting with outcome `unknown`. Default false. Its id is read in the round trip of the first statement, which makes even a
   * transaction that only reads have one.
   */
  readonly confirm?: boolean
  /**
   * How long the transaction may run no statement, in milliseconds: its backend serves nobody else meanwhile. Measured in this
   * process. Default: the one of the database, or none.
   */
  readonly idleBudgetMs?: number
  /** When the idle budget is spent: tell `onWarning` (default), or roll back and reject. */
  readonly onIdle?: 'report' | 'abort'
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
   * Round trips: one per awaited statement and one for COMMIT. BEGIN and settings ride with the first statement, statements
   * issued in the same turn of the event loop share one, and a transaction without statements needs none.
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

  /**
   * Runs several statements in one round trip, all or nothing.
   *
   * One write, one Sync, one transaction on one backend; the results come in order, each typed by its statement. Statements
   * that need a transaction block (locks, savepoints, `call`) and options that do (`isolation`, `readOnly`) put BEGIN and
   * COMMIT into the same write. Everything is checked and serialised before the first byte leaves: transaction control, COPY,
   * VACUUM and its like, and session state are refused. On a {@link Transaction} it is part of that.
   *
   * @example
   * const [job, event] = await db.batch([
   *   statement<{ id: number }>('insert into job (url) values ($1) returning id', [url]),
   *   { text: 'insert into event (kind) values ($1)', values: ['created'] },
   * ])
   *
   * @throws BatchError with the index of the statement, the phase and the outcome; its cause is the error itself
   */
  batch<const S extends readonly BatchStatement[]>(statements: S, options?: BatchLimits): Promise<BatchResults<S>>

  /**
   * Runs one statement once per row of values: parsed once, one Sync per chunk of rows.
   *
   * One round trip per chunk. On a {@link Database} each chunk is all or nothing, and `atomic: true` makes all of them one
   * transaction; on a {@link Transaction} they are part of that. Rows may come from an async iterable, which is read one
   * chunk ahead. The result holds the rows of RETURNING of all, in order, and the sum of the row counts.
   *
   * @throws BatchError whose `index` is the row at fault, and whose `committed` is how many rows before it stay
   */
  executeMany<Row = Record<string, unknown>>(
    text: string,
    rows: ParameterRows,
    options?: ExecuteManyLimits,
  ): Promise<QueryResult<Row>>

  /**
   * Reads the rows of a query one after the other, however many they are.
   *
   * A cursor in a transaction, one round trip per `fetchSize` rows, and no more than those in memory: the next are fetched when
   * the loop asks for them. On a {@link Database} it is a transaction of its own, which holds a backend until the loop ends, so
   * it has a deadline. Leaving the loop early closes the cursor and ends that transaction; an error and the `signal` end both.
   * On a {@link Transaction} other statements of it may run between two rows.
   *
   * The text is a query: `select`, `values`, `table` or `with` without writing.
   *
   * @throws from the iteration, what `query` and `transaction` throw; at once for what is refused before it is sent
   * @example
   * ```ts
   * for await (const { id } of db.stream<{ id: number }>('select id from job order by id', [], { fetchSize: 500 })) {
   *   report(id)
   * }
   * ```
   */
  stream<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
    options?: StreamOptions,
  ): AsyncIterableIterator<Row>
  stream<Row = Record<string, unknown>>(statement: Statement, options?: StreamOptions): AsyncIterableIterator<Row>

  /**
   * Runs `work` in a transaction that holds an advisory lock, from before `work` starts until after COMMIT.
   *
   * The lock belongs to the transaction (`pg_advisory_xact_lock`), so no backend keeps it. BEGIN and the lock are one round
   * trip. On a {@link Transaction} `work` runs behind a savepoint, and the lock stays until the whole transaction ends.
   *
   * @throws PoolerSafeError POOLER_SAFE_LOCK_TIMEOUT, with nothing executed, when it was not free in `waitMs`
   * @example
   * ```ts
   * await db.lock(['invoice', 7], (tx) => tx.query('update account set balance = 0 where id = $1', [7]), { waitMs: 2_000 })
   * ```
   */
  lock<T>(key: LockKey, work: (tx: Transaction) => Promise<T>, options?: LockOptions): Promise<T>

  /** As {@link Session.lock}, but does not wait: without the lock, `work` is not run and `locked` is false. */
  tryLock<T>(
    key: LockKey,
    work: (tx: Transaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<TryLockResult<T>>

  /**
   * Runs `copy … from stdin` with the data that `source` yields, as fast as the server takes it.
   *
   * All or nothing, in a transaction: a source that fails rejects with its error, and nothing of it stays. On a
   * {@link Transaction} it is behind a savepoint, and the transaction takes no other statement until it ends.
   *
   * @returns how many rows were copied
   * @example
   * ```ts
   * await db.copyFrom('copy job (state) from stdin (format csv)', ['queued\n', 'done\n'])
   * ```
   */
  copyFrom(text: string, source: CopySource, options?: CopyOptions): Promise<number>

  /**
   * Runs `copy … to stdout` and yields its bytes as they come; the socket is read no faster than they are taken.
   *
   * In a transaction, as {@link Session.copyFrom}. Leaving the loop early cancels it.
   *
   * @example
   * ```ts
   * for await (const bytes of db.copyTo('copy job to stdout (format csv)')) report(bytes.toString())
   * ```
   */
  copyTo(text: string, options?: CopyOptions): AsyncIterableIterator<Buffer>

  /**
   * Gives a session that runs everything under local settings: a role, JWT claims, a tenant, timeouts.
   *
   * The settings, the proof that they are in force, and the statement share one round trip and one transaction. A statement
   * cannot run unless the proof holds, and the settings end with the transaction: nobody else's statements see them. Values
   * are bound, never part of a text. On a {@link Transaction} the settings before it are put back behind each call.
   *
   * @example
   * const mine = db.withSettings({ role: 'authenticated', 'request.jwt.claims': { sub: userId } })
   * const { rows } = await mine.query('select * from note')
   *
   * @throws PoolerSafeError POOLER_SAFE_BAD_OPTION at once for names that cannot be proven and roles outside of `roles`;
   * POOLER_SAFE_SETTINGS from the calls, with nothing executed, when the settings could not be put in force
   */
  withSettings(settings: SessionSettings): Session
}
