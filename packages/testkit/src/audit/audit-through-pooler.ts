import { TestkitError } from '../testkit-error.ts'
import { SimpleClient } from '../wire/simple-client.ts'
import { auditBackend, type AuditOptions } from './audit-backend.ts'
import { residueOf, type BackendAudit } from './residue.ts'

/** Options of {@link auditThroughPooler}. */
export interface AuditThroughPoolerOptions extends Pick<AuditOptions, 'settingNames' | 'ignoreSettings'> {
  /** How long to wait until every backend is ours. Default 10,000. */
  readonly timeoutMs?: number
}

async function within<T>(work: Promise<T>, timeoutMs: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TestkitError('audit-failed', message)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A leaked transaction answers BEGIN with a warning, and a failed one with an error. */
async function beginAndAudit(client: SimpleClient, leaked: boolean, options: AuditOptions): Promise<BackendAudit> {
  const audit = await auditBackend((text) => client.query(text), { ...options, insideOwnTransaction: true })
  if (!leaked) return audit
  return { ...audit, clean: false, residue: [residueOf('open-transaction', 'open', ''), ...audit.residue] }
}

/**
 * Audits every backend of a transaction-mode pooler from outside: it holds `poolSize` transactions open at once, so that
 * each gets a backend of its own, asks each what is left, and rolls back.
 *
 * Nobody else may keep backends of this pool busy meanwhile. Rejects with `audit-failed` when not all of them could be had
 * in time, or when two of the transactions turned out to share a backend.
 *
 * @example
 * ```ts
 *   print(formatAudits(await auditThroughPooler(pgbouncer.url, 3)))
 * ```
 */
export async function auditThroughPooler(
  url: string,
  poolSize: number,
  options: AuditThroughPoolerOptions = {},
): Promise<BackendAudit[]> {
  const { timeoutMs = 10_000, ...auditOptions } = options
  const clients: SimpleClient[] = []
  const audit = async (): Promise<BackendAudit[]> => {
    await Promise.all(Array.from({ length: poolSize }, async () => void clients.push(await SimpleClient.connect(url))))
    const begun = await Promise.all(clients.map((client) => client.query('begin')))
    const leaked = begun.map(({ notices }) => notices.some(({ code }) => code === '25001'))
    const audits = await Promise.all(
      clients.map((client, index) => beginAndAudit(client, leaked[index] ?? false, auditOptions)),
    )
    await Promise.all(clients.map((client) => client.query('rollback')))
    return audits
  }
  try {
    const audits = await within(
      audit(),
      timeoutMs,
      `Not all of ${poolSize} backends could be had within ${timeoutMs} ms.`,
    )
    if (new Set(audits.map(({ backendPid }) => backendPid)).size < poolSize) {
      throw new TestkitError(
        'audit-failed',
        `Transactions shared a backend: this is not ${poolSize} backends of a pooler.`,
      )
    }
    return audits
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
}
