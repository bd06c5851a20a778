import type { Session } from 'pooler-safe'

/** A backend of the database, as `pg_stat_activity` shows it to the user of the pooler. */
export interface Backend {
  readonly pid: number
  /** Whom it works or worked for last, by the name that the client gave and the pooler passed on. */
  readonly client: string | null
  /** Null where the user may not see it. */
  readonly state: string | null
  /** How long its transaction has been open; null without one. */
  readonly transactionMs: number | null
  /** How long ago the last statement began. */
  readonly statementMs: number | null
  readonly statement: string | null
  readonly waitsFor: string | null
  /** It ran the statement that read this. */
  readonly own: boolean
}

const most = 200
const statementCharacters = 400

/**
 * The backends that clients of this database have, those that others use included. One round trip. Bound values are not in
 * the texts.
 */
export async function readBackends(session: Session): Promise<readonly Backend[]> {
  const { rows } = await session.query<Backend>(
    `select pid, nullif(application_name, '') as client, state,
            case when xact_start is not null
              then greatest(0, extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 end as "transactionMs",
            greatest(0, extract(epoch from clock_timestamp() - query_start) * 1000)::float8 as "statementMs",
            left(query, $1) as statement,
            case when state = 'active' then wait_event_type || ': ' || wait_event end as "waitsFor",
            pid = pg_backend_pid() as own
     from pg_catalog.pg_stat_activity
     where datname = current_database() and backend_type = 'client backend'
     order by pid limit $2`,
    [statementCharacters, most],
  )
  return rows
}

/** How many backends this user has on this database: what there is to audit. One round trip. */
export async function countOwnBackends(session: Session): Promise<number> {
  const { rows } = await session.query<{ backends: number }>(
    `select count(*)::int as backends from pg_catalog.pg_stat_activity
     where datname = current_database() and usename = current_user and backend_type = 'client backend'`,
  )
  return rows[0]?.backends ?? 0
}
