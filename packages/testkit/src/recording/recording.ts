/** One thing a client asked a backend to do. */
export interface RecordedStatement {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly kind: 'query' | 'parse' | 'bind' | 'describe' | 'close' | 'function-call'
  /** The SQL of a Query or Parse, cut after `maxSqlBytes`. */
  readonly sql: string | undefined
  /** The name of the prepared statement; undefined for the unnamed one and for Query. */
  readonly statementName: string | undefined
}

/** From the moment a client got a backend to the moment it gave it back: one transaction of a client on one backend. */
export interface RecordedTransaction {
  /** Counts all transactions of the pooler, from 1. */
  readonly id: number
  /** Counts the transactions of this client, from 1. */
  readonly number: number
  readonly client: number
  readonly applicationName: string
  readonly user: string
  readonly database: string
  readonly backendPid: number
  readonly startedAt: number
  readonly endedAt: number | undefined
  /** How it ended: given back, or the client or backend vanished. */
  readonly end: 'released' | 'client-gone' | 'backend-lost' | undefined
  readonly statements: readonly RecordedStatement[]
  /** Statements that were not kept because there were too many. */
  readonly statementsDropped: number
}

/** What to look for in a recording. All given conditions must hold. */
export interface RecordingFilter {
  readonly client?: number
  readonly applicationName?: string
  readonly user?: string
  readonly database?: string
  readonly backendPid?: number
  /** At least one statement's SQL matches. */
  readonly sql?: RegExp | string
}

export interface RecordingLimits {
  /** Transactions that are kept; older ones are forgotten. Default 10,000. */
  readonly maxTransactions?: number
  /** Statements kept of each transaction. Default 200. */
  readonly maxStatements?: number
  /** SQL bytes kept of each statement. Default 8,192. */
  readonly maxSqlBytes?: number
  /** SQL characters kept altogether. Default 32 million. */
  readonly maxTotalCharacters?: number
}

type Open = { -readonly [K in keyof RecordedTransaction]: RecordedTransaction[K] } & { statements: RecordedStatement[] }

/** Who began a transaction where. */
export type TransactionStart = Pick<
  RecordedTransaction,
  'number' | 'client' | 'applicationName' | 'user' | 'database' | 'backendPid'
>

/** Writes one transaction down while it runs. */
export interface TransactionRecorder {
  readonly id: number
  /** What has been written down so far; it goes on growing. */
  readonly transaction: RecordedTransaction
  statement(statement: RecordedStatement): void
  end(how: NonNullable<RecordedTransaction['end']>): void
}

/** Which client's SQL ran on which backend in which transaction. Bounded: the oldest transactions are forgotten first. */
export class Recording {
  readonly limits: Required<RecordingLimits>
  #kept: (Open | undefined)[] = []
  #first = 0
  #characters = 0
  #count = 0

  constructor(limits: RecordingLimits = {}) {
    this.limits = {
      maxTransactions: 10_000,
      maxStatements: 200,
      maxSqlBytes: 8_192,
      maxTotalCharacters: 32_000_000,
      ...limits,
    }
  }

  /** How many transactions there were, forgotten ones included. */
  get count(): number {
    return this.#count
  }

  /** The transactions that are kept, in the order they began. */
  transactions(filter: RecordingFilter = {}): RecordedTransaction[] {
    return this.#kept.slice(this.#first).filter((one): one is Open => one !== undefined && matches(one, filter))
  }

  /** The statements of those transactions, each with its transaction. */
  statements(filter: RecordingFilter = {}): { transaction: RecordedTransaction; statement: RecordedStatement }[] {
    return this.transactions(filter).flatMap((transaction) =>
      transaction.statements
        .filter(({ sql }) => sqlMatches(sql, filter.sql))
        .map((statement) => ({ transaction, statement })),
    )
  }

  /** The pids of the backends that ran a client's transactions, in order. */
  backendsOf(client: number): number[] {
    return this.transactions({ client }).map(({ backendPid }) => backendPid)
  }

  /** Forgets everything but the counts. */
  clear(): void {
    this.#kept = []
    this.#first = 0
    this.#characters = 0
  }

  /** Begins a transaction. Used by the pooler. */
  begin(start: TransactionStart): TransactionRecorder {
    this.#count += 1
    const open: Open = {
      ...start,
      id: this.#count,
      startedAt: Date.now(),
      endedAt: undefined,
      end: undefined,
      statements: [],
      statementsDropped: 0,
    }
    this.#kept.push(open)
    this.#forget()
    return {
      id: open.id,
      transaction: open,
      statement: (statement) => {
        if (open.statements.length >= this.limits.maxStatements) {
          open.statementsDropped += 1
          return
        }
        open.statements.push(statement)
        this.#characters += statement.sql?.length ?? 0
        if (this.#characters > this.limits.maxTotalCharacters) this.#forget()
      },
      end: (how) => {
        open.endedAt = Date.now()
        open.end = how
      },
    }
  }

  #forget(): void {
    const { maxTransactions, maxTotalCharacters } = this.limits
    const tooMany = (): boolean =>
      this.#kept.length - this.#first > maxTransactions ||
      (this.#characters > maxTotalCharacters && this.#kept.length - this.#first > 1)
    while (tooMany()) {
      for (const { sql } of this.#kept[this.#first]?.statements ?? []) this.#characters -= sql?.length ?? 0
      this.#kept[this.#first] = undefined
      this.#first += 1
    }
    // Shifting an array one by one would cost its length each time.
    if (this.#first > 1_000 && this.#first * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#first)
      this.#first = 0
    }
  }
}

function sqlMatches(sql: string | undefined, wanted: RegExp | string | undefined): boolean {
  if (wanted === undefined) return true
  if (sql === undefined) return false
  return typeof wanted === 'string'
    ? sql.includes(wanted)
    : new RegExp(wanted.source, wanted.flags.replaceAll(/[gy]/g, '')).test(sql)
}

function matches(transaction: RecordedTransaction, filter: RecordingFilter): boolean {
  for (const key of ['client', 'applicationName', 'user', 'database', 'backendPid'] as const) {
    if (filter[key] !== undefined && filter[key] !== transaction[key]) return false
  }
  return filter.sql === undefined || transaction.statements.some(({ sql }) => sqlMatches(sql, filter.sql))
}
