import { auditThroughPooler, formatAudits, type BackendAudit } from '@pooler-safe/testkit'
import { poolSize, type Environment } from './environment.ts'

type Through = 'rotating pooler' | 'PgBouncer'

/** What a whole run left on its backends. */
export interface AuditSummary {
  readonly text: string
  readonly seed: number
  readonly transactions: number
  readonly audited: Readonly<Record<Through, number>>
  /** Backends of other users of PgBouncer, whose passwords are not known here. */
  readonly notAudited: number
  readonly dirty: number
  readonly dirtyBackends: readonly (BackendAudit & { readonly through: Through })[]
}

/** Audits the backends of both shared poolers, database by database, and remembers what it found. */
export class BackendAudits {
  readonly #environment: Environment
  readonly #audited: Record<Through, number> = { 'rotating pooler': 0, PgBouncer: 0 }
  readonly #dirty: (BackendAudit & { readonly through: Through })[] = []
  #notAudited = 0

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Audits the backends of one database; answers what is dirty in words, undefined when nothing is. */
  async take(database: string): Promise<string | undefined> {
    const rotating = await this.#environment.pooler.audit({ database })
    const names = [...new Set(rotating.flatMap(({ residue }) => residue.map(({ name }) => name)))]
    const found = [
      this.#note('rotating pooler', rotating),
      this.#note('PgBouncer', await this.#throughPgBouncer(database, names)),
    ]
    const texts = found.filter((text) => text !== undefined)
    return texts.length === 0 ? undefined : texts.join('\n')
  }

  /** Audits what no test file had for its own, and sums up. */
  async finish(): Promise<AuditSummary> {
    const { pooler, pgbouncer } = this.#environment
    const left = [...pooler.backends(), ...((await pgbouncer?.servers()) ?? [])].map(({ database }) => database)
    for (const database of new Set(left)) await this.take(database)
    const total = this.#audited['rotating pooler'] + this.#audited.PgBouncer
    const lines = this.#dirty.length === 0 ? [`Backends audited: ${total}, all clean.`] : this.#describeDirty(total)
    if (this.#notAudited > 0) lines.push(`${this.#notAudited} backends of other PgBouncer users were not audited.`)
    return {
      text: lines.join('\n'),
      seed: pooler.seed,
      transactions: pooler.recording.count,
      audited: this.#audited,
      notAudited: this.#notAudited,
      dirty: this.#dirty.length,
      dirtyBackends: this.#dirty,
    }
  }

  #describeDirty(total: number): string[] {
    return [
      `Backends audited: ${total}, dirty: ${this.#dirty.length}.`,
      ...this.#dirty.map((audit) => `${audit.through}: ${formatAudits([audit])}`),
    ]
  }

  #note(through: Through, audits: readonly BackendAudit[]): string | undefined {
    this.#audited[through] += audits.length
    const dirty = audits.filter(({ clean }) => !clean)
    this.#dirty.push(...dirty.map((audit) => ({ ...audit, through })))
    return dirty.length === 0 ? undefined : `${through}: ${formatAudits(dirty)}`
  }

  async #throughPgBouncer(database: string, settingNames: readonly string[]): Promise<BackendAudit[]> {
    const { pgbouncer } = this.#environment
    if (!pgbouncer) return []
    const servers = (await pgbouncer.servers()).filter((server) => server.database === database)
    this.#notAudited += servers.filter(({ user }) => user !== pgbouncer.user).length
    if (!servers.some(({ user }) => user === pgbouncer.user)) return []
    return auditThroughPooler(pgbouncer.urlFor(database), poolSize, { settingNames })
  }
}
