import type pg from 'pg'

/** One piece of what a session holds. */
export interface Piece {
  readonly kind: string
  readonly name: string
  readonly value: string
}

/** Everything of a session that can be asked for. It does not share code with the audit of the testkit. */
export type Picture = readonly Piece[]

const listing = `
with setting as materialized (select name, setting, source from pg_catalog.pg_settings)
select 'setting' as kind, s.name as name, s.setting as value from setting s where s.source = 'session' and s.name !~ '^transaction_'
union all select 'transaction', s.name, s.setting from setting s where s.name ~ '^transaction_'
union all select 'library', pg_catalog.split_part(s.name, '.', 1), '' from setting s where s.name like '%.%' group by 2
union all select 'role', n, pg_catalog.current_setting(n) from pg_catalog.unnest(array['role', 'session_authorization']) n
union all select 'role', 'current_user', current_user::text
union all select 'role', 'session_user', session_user::text
union all select 'prepared-statement', p.name, p.statement from pg_catalog.pg_prepared_statements p
union all select 'advisory-lock', pg_catalog.concat_ws('/', l.classid, l.objid, l.objsubid, l.mode), l.granted::text
  from pg_catalog.pg_locks l where l.locktype = 'advisory' and l.pid = pg_catalog.pg_backend_pid()
union all select 'channel', c, '' from pg_catalog.pg_listening_channels() c
union all select 'temporary-object', pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), d.objid::text from pg_catalog.pg_depend d
  where d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.refobjid = pg_catalog.pg_my_temp_schema()
union all select 'cursor', c.name, case when c.is_holdable then 'held' else '' end from pg_catalog.pg_cursors c where c.name <> ''
union all select 'replication-slot', r.slot_name::text, '' from pg_catalog.pg_replication_slots r
  where r.temporary and r.active_pid = pg_catalog.pg_backend_pid()
union all select 'replication-origin', 'session', '' where pg_catalog.pg_replication_origin_session_is_setup()
union all select 'snapshot', f, '' from pg_catalog.pg_locks l, pg_catalog.pg_ls_dir('pg_snapshots') f
  where l.locktype = 'virtualxid' and l.pid = pg_catalog.pg_backend_pid()
  and f like pg_catalog.lpad(pg_catalog.to_hex(pg_catalog.split_part(l.virtualtransaction, '/', 1)::integer), 8, '0') || '-%'`

const dblinkListing = `
union all select 'dblink-connection', n, '' from pg_catalog.unnest(public.dblink_get_connections()) n`

const foreignListing = `
union all select 'foreign-connection', f.server_name, '' from public.postgres_fdw_get_connections() f`

/** What is asked for by name: PostgreSQL does not list custom settings. */
const usualSettings = ['app.tenant', 'app.account', 'app.x', 'app.hidden', 'request.jwt.claims']

/** The query that takes the picture of a session in which these texts run. */
export function pictureSql(texts: readonly string[]): string {
  const all = texts.join('\n')
  const named = all.match(/\b[a-z_]\w*\.[a-z_]\w*(?:\.[a-z_]\w*)*/gi) ?? []
  const names = [...new Set([...usualSettings, ...named])].map((name) => `'${name}'`)
  return `${listing}
union all select case pg_catalog.current_setting(n, true) when '' then 'empty-placeholder' else 'custom-setting' end, n, pg_catalog.current_setting(n, true) from pg_catalog.unnest(array[${names.join(', ')}]) n
  where pg_catalog.current_setting(n, true) is not null
  and not exists (select from setting s where pg_catalog.lower(s.name) = pg_catalog.lower(n))
${/dblink/i.test(all) ? dblinkListing : ''}${/\bfar\b|postgres_fdw/i.test(all) ? foreignListing : ''}`
}

async function sqlstateOf(query: Promise<unknown>): Promise<string> {
  try {
    await query
    return ''
  } catch (error) {
    return (error as pg.DatabaseError).code ?? String(error)
  }
}

/** Takes a picture of what PostgreSQL lists. */
export async function takePicture(client: pg.Client, sql: string): Promise<Picture> {
  return (await client.query<{ kind: string; name: string; value: string }>(sql)).rows
}

/** Asks for what is not listed, outside any transaction, so that questions may fail. */
export async function askForSequences(client: pg.Client): Promise<Picture> {
  const pieces: Piece[] = []
  for (const question of ['lastval()', `currval('public.counter')`]) {
    const undefinedState = await sqlstateOf(client.query(`select pg_catalog.${question}`))
    if (undefinedState !== '55000') pieces.push({ kind: 'sequence', name: question, value: undefinedState })
  }
  return pieces
}

/** What one picture has and the other has not, in words and by kind. */
export function changes(before: Picture, after: Picture): readonly (Piece & { readonly text: string })[] {
  const key = ({ kind, name, value }: Piece): string => JSON.stringify([kind, name, value])
  const old = new Set(before.map(key))
  const now = new Set(after.map(key))
  const describe = (sign: string, piece: Piece): Piece & { text: string } => ({
    ...piece,
    text: `${sign}${piece.kind} ${piece.name}${piece.value === '' ? '' : ` = ${piece.value}`}`,
  })
  return [
    ...after.filter((piece) => !old.has(key(piece))).map((piece) => describe('+', piece)),
    ...before.filter((piece) => !now.has(key(piece))).map((piece) => describe('-', piece)),
  ]
}
