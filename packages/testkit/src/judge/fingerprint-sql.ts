import { statementsOfPoolers } from '../audit/audit-sql.ts'
import { quoteLiteral } from '../pooler/tracked-parameters.ts'

/** The settings a session may change, apart from those that belong to a transaction. Asked once for each pool. */
export const changeableSettingsSql = `select s.name from pg_catalog.pg_settings s
where s.context in ('user', 'superuser') and s.name not like 'transaction\\_%' order by 1`

/** Names of custom settings that roles and databases bring to every session. */
export const configuredSettingsSql = `select pg_catalog.split_part(pg_catalog.unnest(d.setconfig), '=', 1) as name
from pg_catalog.pg_db_role_setting d`

/** Columns of the fingerprint's one row. */
export const fingerprintColumns = ['fingerprint', 'functions', 'has_temporary'] as const

const temporaryObjects = `(select pg_catalog.string_agg(c.oid::text, ',') from pg_catalog.pg_class c where c.relnamespace = (select pg_catalog.pg_my_temp_schema())),
(select pg_catalog.string_agg(p.oid::text, ',') from pg_catalog.pg_proc p where p.pronamespace = (select pg_catalog.pg_my_temp_schema())),
`

/**
 * One cheap row that differs when something was left in a session, parameter $1 the names of custom settings. Reading
 * every setting in one expression costs a quarter of `pg_settings`. Temporary objects are looked for only on a backend that
 * has a schema for them, which `has_temporary` says: even what is never executed has to be set up for each execution.
 * `functions` grows with each new function: its settings have to be learnt.
 */
export function fingerprintSql(
  settings: readonly string[],
  followed: readonly string[],
  dblinkSchema: string | undefined,
  looksForTemporary: boolean,
): string {
  const tracked = new Set(followed.map((name) => name.toLowerCase()))
  const values = settings
    .filter((name) => !tracked.has(name.toLowerCase()))
    .map((name) => `pg_catalog.current_setting(${quoteLiteral(name)})`)
  return `select pg_catalog.concat_ws('/',
pg_catalog.hash_array_extended(array[${values.join(',')}]::text[], 0),
(select pg_catalog.string_agg(n || '=' || pg_catalog.current_setting(n, true), ',') from pg_catalog.unnest($1::text[]) n
  where pg_catalog.current_setting(n, true) <> ''),
pg_catalog.current_setting('role'), session_user,
(select pg_catalog.string_agg(p.name || p.statement, ',') from pg_catalog.pg_prepared_statement() p where p.name !~ '${statementsOfPoolers}'),
(select pg_catalog.string_agg(l.classid::text || '.' || l.objid::text || '.' || l.objsubid::text || l.mode, ',')
  from pg_catalog.pg_lock_status() l where l.locktype = 'advisory' and l.pid = pg_catalog.pg_backend_pid()),
(select pg_catalog.string_agg(c, ',') from pg_catalog.pg_listening_channels() c),
(select pg_catalog.string_agg(c.name, ',') from pg_catalog.pg_cursor() c where c.is_holdable),
${looksForTemporary ? temporaryObjects : ''}(select pg_catalog.string_agg(r.slot_name, ',') from pg_catalog.pg_get_replication_slots() r where r.temporary and r.active_pid = pg_catalog.pg_backend_pid())${
    dblinkSchema === undefined ? '' : `,\npg_catalog.array_to_string(${dblinkSchema}.dblink_get_connections(), ',')`
  }
), (select pg_catalog.max(p.oid) from pg_catalog.pg_proc p), pg_catalog.pg_my_temp_schema() <> 0`
}

/** A text[] literal. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`
}
