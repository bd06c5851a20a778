import { trackedParameters } from '../pooler/tracked-parameters.ts'
import { dblinkSchemaSql, dblinkSql, identitySql, openTransactionSql, residueSql } from './audit-sql.ts'
import { residueOf, type BackendAudit, type Residue, type ResidueKind } from './residue.ts'

/** Runs one SQL text without parameters on the backend that is audited: `(text) => client.query(text)` of any driver. */
export type AuditQuery = (text: string) => Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>

/** What an audit looks at besides what PostgreSQL lists by itself. */
export interface AuditOptions {
  /** Custom settings (`app.tenant`) to look at; PostgreSQL does not list them. */
  readonly settingNames?: readonly string[]
  /** Settings that a pooler carries from backend to backend. Default the five of PgBouncer 1.18. */
  readonly followedSettings?: readonly string[]
  /** More settings that may differ. */
  readonly ignoreSettings?: readonly string[]
  /** True when the caller opened the transaction that the audit runs in. */
  readonly insideOwnTransaction?: boolean
}

/** Drivers differ: a number may come as a number or as text. */
const text = (value: unknown): string => {
  if (typeof value === 'string') return value
  return value == null ? '' : JSON.stringify(value)
}
const sqlstateOf = (error: unknown): string => {
  if (!(error instanceof Error)) return ''
  if ('sqlstate' in error) return text(error.sqlstate)
  return 'code' in error ? text(error.code) : ''
}
const isTrue = (value: unknown): boolean => value === true || value === 't'

async function readResidue(query: AuditQuery, options: AuditOptions): Promise<Residue[]> {
  const { settingNames = [], followedSettings = trackedParameters, ignoreSettings = [] } = options
  const { rows } = await query(residueSql(settingNames, [...followedSettings, ...ignoreSettings]))
  const found = rows.map((row) =>
    residueOf(
      text(row['kind']) as ResidueKind,
      text(row['name']),
      text(row['value']),
      row['usual'] == null ? undefined : text(row['usual']),
    ),
  )
  const schema = (await query(dblinkSchemaSql)).rows[0]?.['schema']
  if (schema !== undefined) {
    const connections = await query(dblinkSql(text(schema)))
    found.push(...connections.rows.map((row) => residueOf('dblink-connection', text(row['name']), '')))
  }
  return found
}

/** A leaked statement_timeout can be too short for the audit: then it is itself the finding, and the rest is read without it. */
async function readWithoutTimeout(query: AuditQuery, options: AuditOptions): Promise<Residue[]> {
  const { rows } = await query('show statement_timeout')
  const value = text(rows[0]?.['statement_timeout'])
  await query('begin')
  try {
    await query('set local statement_timeout to 0')
    const others = await readResidue(query, {
      ...options,
      ignoreSettings: [...(options.ignoreSettings ?? []), 'statement_timeout'],
    })
    return [residueOf('setting', 'statement_timeout', value), ...others]
  } finally {
    await query('rollback')
  }
}

/**
 * Asks the backend behind a connection what strangers left on it. It changes nothing. Three or four round trips; all of
 * them must reach the same backend, so through a pooler call it inside a transaction and set `insideOwnTransaction`.
 *
 * Never rejects: what could not be read is a finding of kind `unreadable`.
 * What cannot be seen: `setseed`, values of session variables inside procedural languages, `currval` of sequences.
 */
export async function auditBackend(query: AuditQuery, options: AuditOptions = {}): Promise<BackendAudit> {
  let identity: Readonly<Record<string, unknown>> = {}
  const residue: Residue[] = []
  try {
    if (options.insideOwnTransaction !== true) {
      const { rows } = await query(openTransactionSql)
      if (isTrue(rows[0]?.['is_open'])) residue.push(residueOf('open-transaction', 'open', ''))
    }
    identity = (await query(identitySql)).rows[0] ?? {}
    residue.push(...(await readResidue(query, options)))
  } catch (error) {
    residue.push(...(await explain(error, query, options)))
  }
  return {
    backendPid: Number(identity['pid'] ?? 0),
    database: text(identity['database']),
    user: text(identity['user']),
    clean: residue.length === 0,
    residue,
  }
}

async function explain(error: unknown, query: AuditQuery, options: AuditOptions): Promise<Residue[]> {
  const sqlstate = sqlstateOf(error)
  if (sqlstate === '25P02') return [residueOf('open-transaction', 'failed', '')]
  const message = error instanceof Error ? error.message : String(error)
  if (sqlstate !== '57014' || options.insideOwnTransaction === true) return [residueOf('unreadable', 'audit', message)]
  try {
    return await readWithoutTimeout(query, options)
  } catch (again) {
    return [residueOf('unreadable', 'audit', again instanceof Error ? again.message : String(again))]
  }
}
