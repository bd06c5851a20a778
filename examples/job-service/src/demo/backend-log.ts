import { wait } from '@pooler-safe/example-foundation'
import type { PoolerEvent } from '@pooler-safe/testkit'
import { createDatabase } from 'pooler-safe'

/** What one backend did, as far as it was seen. */
export interface BackendActivity {
  readonly pid: number
  /** Transactions that were counted, or statements that were seen. */
  readonly count: number
  /** The same by the `application_name` of the client. */
  readonly clients: ReadonlyMap<string, number>
  /** The last statement that says something. */
  readonly lastClient: string
  readonly lastSql: string
}

/** Whether every transaction was counted, or backends were looked at from time to time. */
export type Counting = 'transactions' | 'sightings'

interface Backend {
  readonly pid: number
  readonly clients: Map<string, number>
  count: number
  lastClient: string
  lastSql: string
}

/** Statements that say nothing about what a client wants. */
const isFrame = (sql: string): boolean => /^\s*(begin|commit|rollback|savepoint|release|set|show)\b/i.test(sql)

/** What ran on which backend: told by the recorder of the rotating pooler, or seen in `pg_stat_activity`. */
export class BackendLog {
  readonly counting: Counting
  readonly #backends = new Map<number, Backend>()
  #namedStatements = 0

  constructor(counting: Counting) {
    this.counting = counting
  }

  /** Requests that named a prepared statement; only the recorder sees them. */
  get namedStatements(): number {
    return this.#namedStatements
  }

  /** Listens to the rotating pooler. */
  readonly hear = (event: PoolerEvent): void => {
    if (event.type === 'transaction-started') this.count(event.backendPid, event.applicationName)
    if (event.type !== 'statement') return
    const { sql, statementName } = event.statement
    if (statementName !== undefined) this.#namedStatements += 1
    if (sql !== undefined) this.say(event.backendPid, event.applicationName, sql)
  }

  count(pid: number, client: string): void {
    const backend = this.#backend(pid)
    backend.count += 1
    backend.clients.set(client, (backend.clients.get(client) ?? 0) + 1)
  }

  say(pid: number, client: string, sql: string): void {
    if (isFrame(sql)) return
    const backend = this.#backend(pid)
    backend.lastClient = client
    backend.lastSql = sql
  }

  /** In the order of their process ids. */
  backends(): BackendActivity[] {
    return [...this.#backends.values()].filter(({ count }) => count > 0).sort((a, b) => a.pid - b.pid)
  }

  #backend(pid: number): Backend {
    const known = this.#backends.get(pid)
    if (known) return known
    const added = { pid, count: 0, clients: new Map<string, number>(), lastClient: '', lastSql: '' }
    this.#backends.set(pid, added)
    return added
  }
}

const lookMs = 50

interface Seen {
  readonly pid: number
  readonly client: string
  readonly sql: string
  readonly started: string
}

/**
 * Looks at the backends of these clients every 50 ms. A pooler that carries `application_name` from backend to backend, as
 * PgBouncer does, thereby says who a backend works for. What begins and ends between two looks is not seen.
 */
export class BackendWatch implements AsyncDisposable {
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>

  constructor(url: string, clients: readonly string[], log: BackendLog) {
    this.#done = watch(url, clients, log, this.#stopping.signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }
}

async function watch(url: string, clients: readonly string[], log: BackendLog, signal: AbortSignal): Promise<void> {
  const silent = (): void => undefined
  const database = createDatabase({ url, applicationName: 'watcher', max: 1, onError: silent, onWarning: silent })
  const before = new Map<number, string>()
  try {
    while (await wait(lookMs, signal)) {
      const { rows } = await database.query<Seen>(
        `select pid, application_name as client, query as sql, query_start::text as started
         from pg_catalog.pg_stat_activity
         where datname = current_database() and application_name = any($1) and query_start is not null`,
        [clients],
      )
      for (const { pid, client, sql, started } of rows) {
        if (before.get(pid) === started) continue
        before.set(pid, started)
        log.count(pid, client)
        log.say(pid, client, sql)
      }
    }
  } catch {
    // The database went away: whoever works with it says so.
  } finally {
    await database.close()
  }
}
