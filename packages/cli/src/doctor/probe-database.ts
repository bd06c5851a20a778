import { hazard, type HazardId } from '@pooler-safe/hazards'
import { analyzeBody, GrammarUnavailable, SqlSyntaxError } from '@pooler-safe/sql-grammar'
import { auditBackend, type BackendAudit } from '@pooler-safe/testkit'
import type pg from 'pg'
import { connect, inTransaction } from './clients.ts'
import type { DatabaseFacts, Diagnosis } from './diagnosis.ts'

const settingNames = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'search_path',
  'max_connections',
  'default_transaction_read_only',
]
const systemSchemas = ['pg_catalog', 'information_schema']

/** Meets several backends at once, asks each what was left on it, and reads what the database does to sessions. */
export async function probeDatabase(
  url: string,
  {
    connections,
    timeoutMs,
    isPinnable,
  }: { readonly connections: number; readonly timeoutMs: number; readonly isPinnable: boolean },
): Promise<{ readonly facts: DatabaseFacts; readonly findings: readonly Diagnosis[] }> {
  const first = await connect(url, timeoutMs)
  try {
    const read = async () => ({
      settings: await readSettings(first),
      findings: [...(await readRoutines(first)), ...(await readPolicies(first)), ...(await readRole(first))],
    })
    const { settings, findings } = isPinnable ? await inTransaction(first, read) : await read()
    const backends = isPinnable ? await meetBackends(url, connections, timeoutMs) : []
    const facts = {
      settings,
      backends,
      poolSizeSeen: new Set(backends.map(({ backendPid }) => backendPid)).size,
      asked: connections,
    }
    return { facts, findings: [...findings, ...leftovers(backends)] }
  } finally {
    await first.end()
  }
}

/** Holds transactions open side by side: each has a backend to itself. Those that have to wait are given up. */
async function meetBackends(url: string, connections: number, timeoutMs: number): Promise<readonly BackendAudit[]> {
  const clients: pg.Client[] = []
  const audits: BackendAudit[] = []
  try {
    for (let index = 0; index < connections; index += 1) {
      const client = await connect(url, timeoutMs).catch(() => undefined)
      if (!client) break
      clients.push(client)
      if (!(await begins(client, timeoutMs))) break
      audits.push(
        await auditBackend((text) => client.query(text), {
          insideOwnTransaction: true,
          ignoreSettings: ['transaction_read_only'],
        }),
      )
    }
  } finally {
    // Whoever waits for a backend gets one only when the others have given theirs back.
    await Promise.all(clients.map(leave))
  }
  return audits
}

async function leave(client: pg.Client): Promise<void> {
  await client.query('rollback').catch(() => undefined)
  await client.end()
}

async function begins(client: pg.Client, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, Math.min(timeoutMs, 2_000), false)
  })
  try {
    return await Promise.race([client.query('begin read only').then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

async function readSettings(client: pg.Client): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ name: string; value: string }>(
    'select name, pg_catalog.current_setting(name) as value from pg_catalog.pg_settings where name = any($1) order by name',
    [settingNames],
  )
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

function finding(id: HazardId, title: string, advice?: string): Diagnosis {
  const { severity, alternatives } = hazard(id)
  return { hazard: id, severity, title, advice: advice ?? alternatives[0].note }
}

function leftovers(backends: readonly BackendAudit[]): readonly Diagnosis[] {
  return backends.flatMap(({ backendPid, residue }) =>
    residue.map(({ hazard: id, kind, name }) =>
      finding(id, `Backend ${backendPid} was left with ${kind.replace('-', ' ')} ${name}.`),
    ),
  )
}

/** What functions do to the session of whoever calls them. */
async function readRoutines(client: pg.Client): Promise<readonly Diagnosis[]> {
  const { rows } = await client.query<{ name: string; text: string }>(
    `select p.oid::pg_catalog.regprocedure::text as name, pg_catalog.pg_get_functiondef(p.oid) as text
     from pg_catalog.pg_proc p
     join pg_catalog.pg_namespace n on n.oid = p.pronamespace
     join pg_catalog.pg_language l on l.oid = p.prolang
     where n.nspname <> all($1) and n.nspname not like 'pg\\_%' and p.prokind in ('f', 'p') and l.lanname in ('sql', 'plpgsql')
     and not exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e')
     order by 1 limit 2000`,
    [systemSchemas],
  )
  return rows.flatMap(({ name, text }) => {
    try {
      const [worst] = analyzeBody(text).filter(({ inner }) => inner.verdict === 'session')
      return worst
        ? [
            finding(
              'hidden-in-routine',
              `${name} changes or reads the state of its session (${worst.inner.subject}).`,
              hazard(worst.inner.hazard).alternatives[0].note,
            ),
          ]
        : []
    } catch (error) {
      if (error instanceof SqlSyntaxError || error instanceof GrammarUnavailable) return []
      throw error
    }
  })
}

/** Policies that compare with a setting: what happens where nobody has set it. */
async function readPolicies(client: pg.Client): Promise<readonly Diagnosis[]> {
  const { rows } = await client.query<{ place: string; expression: string }>(
    `select schemaname || '.' || tablename || ' (' || policyname || ')' as place, coalesce(qual, '') || ' ' || coalesce(with_check, '') as expression
     from pg_catalog.pg_policies where coalesce(qual, '') || coalesce(with_check, '') ~ 'current_setting' order by 1 limit 1000`,
  )
  return rows.flatMap(({ place, expression }) => {
    const [, name = '?', missingOk] = /current_setting\('([^']+)'(?:::text)?(\s*,\s*true)?/.exec(expression) ?? []
    return [
      finding(
        missingOk === undefined ? 'tenant-context-leak' : 'guc-empty-string',
        missingOk === undefined
          ? `The policy of ${place} relies on ${name}, and fails where nobody has set it.`
          : `The policy of ${place} reads ${name}, which is NULL on a fresh backend and '' on one that had it set.`,
        `Set ${name} with set_config('${name}', value, true) in every transaction, and compare with nullif(current_setting('${name}', true), '').`,
      ),
    ]
  })
}

/** What the role may do to others, and what it brings along. */
async function readRole(client: pg.Client): Promise<readonly Diagnosis[]> {
  const { rows } = await client.query<{
    name: string
    super: boolean
    bypass: boolean
    config: readonly string[] | null
  }>(
    `select r.rolname as name, r.rolsuper as super, r.rolbypassrls as bypass,
       (select pg_catalog.array_agg(c) from pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) c
        where s.setrole in (0, r.oid) and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))) as config
     from pg_catalog.pg_roles r where r.rolname = current_user`,
  )
  const [role] = rows
  if (!role) return []
  const found: Diagnosis[] = []
  if (role.super || role.bypass) {
    const why = role.super ? 'is a superuser' : 'has BYPASSRLS'
    found.push(
      finding(
        'shared-pool-user',
        `The role ${role.name} ${why}: no policy holds it.`,
        'Log in as a role without rights of its own, and SET LOCAL ROLE in the transaction.',
      ),
    )
  }
  for (const entry of role.config ?? []) {
    const [name = '', value = ''] = entry.split(/=(.*)/s)
    if (
      name === 'role' ||
      name === 'session_authorization' ||
      (name === 'session_replication_role' && value !== 'origin')
    ) {
      found.push(finding('alter-role-delayed', `ALTER ROLE or DATABASE sets ${name} for every session.`))
    } else if (name.endsWith('_timeout') && value.startsWith('0')) {
      found.push(
        finding(
          'idle-in-tx',
          `ALTER ROLE or DATABASE turns ${name} off.`,
          `Set ${name} to what the slowest statement may take.`,
        ),
      )
    }
  }
  return found
}
