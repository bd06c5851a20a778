import { quoteLiteral } from '../pooler/tracked-parameters.ts'

/** Names that poolers give to the statements they track; they are theirs, not a client's. */
export const statementsOfPoolers = '^(PGBOUNCER_|sv_|__pgdog_|pooler_safe_)'

/** Answers whether the backend was inside a transaction before: then a statement is younger than its transaction. */
export const openTransactionSql = `select pg_catalog.now() <> pg_catalog.statement_timestamp() as is_open`

/** Whether the extension dblink is there, and where: its function cannot be called unseen. */
export const dblinkSchemaSql = `select pg_catalog.quote_ident(n.nspname) as schema
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.proname = 'dblink_get_connections' and p.pronargs = 0`

export const dblinkSql = (schema: string): string =>
  `select pg_catalog.unnest(${schema}.dblink_get_connections()) as name`

/** Sources of functions that set something: the names in them are asked for as well. */
export const settingFunctionsSql = `select p.prosrc as source, pg_catalog.array_to_string(p.proconfig, ' ') as config
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname not in ('pg_catalog', 'information_schema') and p.prosrc ~* '(set_config|\\mset\\M)'
limit 5000`

/**
 * One statement that lists what is left in a session: `kind`, `name`, `value` for each piece.
 * Everything is looked up in `pg_catalog`, whatever the session's search path is.
 */
export function residueSql(customSettings: readonly string[], ignoredSettings: readonly string[]): string {
  const ignored = ['', ...ignoredSettings].map((name) => quoteLiteral(name.toLowerCase())).join(', ')
  const custom = customSettings.map(quoteLiteral).join(', ')
  return `
select 'setting' as kind, s.name::text as name, s.setting::text as value, s.reset_val::text as usual from pg_catalog.pg_settings s
  where s.source = 'session' and pg_catalog.lower(s.name) not in (${ignored})
union all select 'custom-setting', n, pg_catalog.current_setting(n, true), null from pg_catalog.unnest(array[${custom}]::text[]) n
  where pg_catalog.current_setting(n, true) <> ''
  and not exists (select from pg_catalog.pg_settings s where pg_catalog.lower(s.name) = pg_catalog.lower(n))
union all select 'role', pg_catalog.current_setting('role'), '', null where pg_catalog.current_setting('role') <> 'none'
union all select 'session-user', session_user::text, '', null from pg_catalog.pg_stat_activity a
  where a.pid = pg_catalog.pg_backend_pid() and a.usename <> session_user
union all select 'prepared-statement', p.name, case when p.from_sql then p.statement else 'parsed: ' || p.statement end, null
  from pg_catalog.pg_prepared_statements p where p.name !~ '${statementsOfPoolers}'
union all select 'advisory-lock',
  case l.objsubid when 1 then ((l.classid::bigint << 32) | l.objid::bigint)::text else l.classid::text || ', ' || l.objid::text end, l.mode, null
  from pg_catalog.pg_locks l where l.locktype = 'advisory' and l.pid = pg_catalog.pg_backend_pid()
union all select 'channel', c, '', null from pg_catalog.pg_listening_channels() c
union all select 'temporary-object', c.relname::text,
  case c.relkind when 'v' then 'view' when 'S' then 'sequence' when 'c' then 'type' else 'table' end, null
  from pg_catalog.pg_class c where c.relnamespace = pg_catalog.pg_my_temp_schema() and c.relkind in ('r', 'p', 'v', 'S', 'c', 'm', 'f')
union all select 'temporary-object', p.proname::text, 'function', null from pg_catalog.pg_proc p where p.pronamespace = pg_catalog.pg_my_temp_schema()
union all select 'held-cursor', c.name, c.statement, null from pg_catalog.pg_cursors c where c.is_holdable
union all select 'replication-slot', r.slot_name::text, r.slot_type, null from pg_catalog.pg_replication_slots r
  where r.temporary and r.active_pid = pg_catalog.pg_backend_pid()
order by 1, 2`
}

/** Who we are talking to. */
export const identitySql = `select pg_catalog.pg_backend_pid() as pid, pg_catalog.current_database() as database, session_user as "user"`
