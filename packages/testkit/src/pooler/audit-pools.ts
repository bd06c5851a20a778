import { auditBackend, type AuditOptions } from '../audit/audit-backend.ts'
import { residueKey, residueOf, type BackendAudit, type Residue, type ResidueOrigin } from '../audit/residue.ts'
import { namesInFunctions } from '../judge/backend-auditor.ts'
import type { Recording } from '../recording/recording.ts'
import { status } from '../wire/message-types.ts'
import type { BackendPool } from './backend-pool.ts'

/** Which backends of a pooler are audited, and for what. */
export interface PoolerAuditOptions {
  /** Only backends of this database. */
  readonly database?: string
  /** How long a backend may be busy with a client's transaction before that is reported. Default 2,000. */
  readonly timeoutMs?: number
  /** More custom settings to look at than those seen in SQL, bound values and functions. */
  readonly settingNames?: readonly string[]
}

interface AuditedPool {
  readonly pool: BackendPool
  readonly user: string
  readonly database: string
  readonly settingNames: readonly string[]
  readonly timeoutMs: number
  /** Settings that go with their client. */
  readonly followed: readonly string[]
  readonly recording: Recording
}

/** What a backend has that nobody has used: settings of the role or database are not residue. */
async function readBaseline(
  pool: BackendPool,
  names: readonly string[],
  followedSettings: readonly string[],
): Promise<{ known: Set<string>; options: AuditOptions }> {
  const fresh = await pool.openExtra()
  try {
    const settingNames = [...new Set([...names, ...(await namesInFunctions(fresh))])]
    const { residue } = await auditBackend((text) => fresh.query(text), { settingNames, followedSettings })
    return { known: new Set(residue.map(residueKey)), options: { settingNames, followedSettings } }
  } finally {
    fresh.close()
  }
}

/** The last transaction on this backend that mentioned it. */
function originOf(residue: Residue, backendPid: number, recording: Recording): ResidueOrigin | undefined {
  const wanted = residue.name.toLowerCase()
  for (const transaction of recording.transactions({ backendPid }).reverse()) {
    for (const { sql, statementName } of [...transaction.statements].reverse()) {
      const mentions = statementName === residue.name || sql?.toLowerCase().includes(wanted)
      if (!mentions) continue
      const { client, applicationName, id } = transaction
      return { client, applicationName, transaction: id, sql: sql ?? `statement ${statementName ?? ''}` }
    }
  }
  return undefined
}

function attribute(residue: Residue, backendPid: number, recording: Recording): Residue {
  const leftBy = originOf(residue, backendPid, recording)
  return leftBy ? { ...residue, leftBy } : residue
}

/** Asks every backend of a pool what is left on it, each as soon as no client uses it. */
export async function auditPool(audited: AuditedPool): Promise<BackendAudit[]> {
  const { pool, user, database, timeoutMs, recording } = audited
  if (pool.backends.length === 0) return []
  const { known, options } = await readBaseline(pool, audited.settingNames, audited.followed)
  const audits: BackendAudit[] = []
  const report = (backendPid: number, residue: readonly Residue[]): void => {
    const own = residue.filter((one) => !known.has(residueKey(one))).map((one) => attribute(one, backendPid, recording))
    audits.push({ backendPid, user, database, clean: own.length === 0, residue: own })
  }
  await pool.visit(
    timeoutMs,
    async (backend) => {
      const { residue } = await auditBackend((text) => backend.query(text), options)
      if (backend.isOpen) report(backend.pid, residue)
    },
    (backend) => {
      const state = backend.transactionStatus === status.failed ? 'failed' : 'open'
      report(backend.pid, [residueOf('open-transaction', state, `in use for more than ${timeoutMs} ms`)])
    },
  )
  return audits
}
