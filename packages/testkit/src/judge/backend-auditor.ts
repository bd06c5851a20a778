import { auditBackend } from '../audit/audit-backend.ts'
import { dblinkSchemaSql, settingFunctionsSql } from '../audit/audit-sql.ts'
import { residueKey, type Residue } from '../audit/residue.ts'
import type { BackendConnection } from '../pooler/backend-connection.ts'
import { settingNamesIn } from '../recording/setting-names.ts'
import { bindAndExecute, parse, sync } from '../wire/encode.ts'
import {
  changeableSettingsSql,
  configuredSettingsSql,
  fingerprintColumns,
  fingerprintSql,
  textArray,
} from './fingerprint-sql.ts'

/** What was on a backend before, and what is there now. */
export interface AuditChange {
  readonly residue: Residue
  /** Its value before; undefined when there was nothing. */
  readonly before: string | undefined
}

/** Whether a backend may serve the next client. */
export interface Verdict {
  readonly changes: readonly AuditChange[]
  readonly isUsable: boolean
}

export interface BackendAuditorOptions {
  /** Names of custom settings that clients of this database mentioned. */
  readonly settingNames: () => ReadonlySet<string>
  /** True leaves what was found where it is; false restores the backend. */
  readonly leavesResidue: boolean
  /** Settings that go with their client: no residue. */
  readonly followed: readonly string[]
}

interface BackendState {
  fingerprint: string | undefined
  residue: Map<string, Residue>
  isPrepared: boolean
  /** It has a schema of temporary objects, from its first one on for ever. */
  hasTemporary: boolean
  /** What it had before any client. */
  readonly fresh: ReadonlyMap<string, Residue>
}

/** What the backends of one pool have in common. */
interface Knowledge {
  /** The fingerprint without and with temporary objects. */
  readonly sql: readonly [string, string]
  readonly configured: readonly string[]
  functions: string | undefined
  inFunctions: readonly string[]
}

/** Of the fingerprint without and with temporary objects. */
const statementNames = ['pooler_safe_audit', 'pooler_safe_audit_temporary'] as const
const clean: Verdict = { changes: [], isUsable: true }
/** Each name costs a look-up in each audit. */
const mostNames = 500

/**
 * Asks the backends of one pool after transactions what is new on them. The usual answer is one row that equals the row
 * before, from a statement that each backend has prepared once; only when it differs everything is listed and compared.
 *
 * Because nobody else had the backend since the last audit, whatever is new was left by the transaction just ended.
 */
export class BackendAuditor {
  readonly #options: BackendAuditorOptions
  readonly #states = new WeakMap<BackendConnection, BackendState>()
  #knowledge: Promise<Knowledge> | undefined
  /** The names asked for, as long as they are the same. */
  #asked: { readonly heard: number; readonly inFunctions: readonly string[]; readonly names: string } | undefined

  constructor(options: BackendAuditorOptions) {
    this.#options = options
  }

  /** Looks at a backend that no client has had: what it brings is nobody's fault. */
  async opened(backend: BackendConnection): Promise<void> {
    await this.#learnOnce(backend)
    const fresh = await this.#list(backend)
    const state: BackendState = {
      fingerprint: undefined,
      residue: fresh,
      isPrepared: false,
      hasTemporary: false,
      fresh,
    }
    this.#states.set(backend, state)
    state.fingerprint = await this.#fingerprint(backend, state)
  }

  /** What is new on a backend since it was looked at last. Restores it unless residue is to stay. */
  async audit(backend: BackendConnection): Promise<Verdict> {
    const state = this.#states.get(backend)
    if (!state) return clean
    const fingerprint = await this.#fingerprint(backend, state)
    if (fingerprint !== undefined && fingerprint === state.fingerprint) return clean
    const residue = await this.#list(backend)
    const before = new Map([...state.residue.values()].map((one) => [placeOf(one), one.value]))
    const changes = [...residue]
      .filter(([key, one]) => !state.residue.has(key) && !isUsual(one))
      .map(([, one]) => ({ residue: one, before: before.get(placeOf(one)) ?? one.usual }))
    state.fingerprint = fingerprint
    state.residue = residue
    if (changes.length === 0 || this.#options.leavesResidue) return { changes, isUsable: backend.isOpen }
    return { changes, isUsable: await this.#restore(backend, state) }
  }

  async #restore(backend: BackendConnection, state: BackendState): Promise<boolean> {
    state.isPrepared = false
    try {
      await backend.query('discard all')
      state.fingerprint = await this.#fingerprint(backend, state)
      state.residue = await this.#list(backend)
    } catch {
      return false
    }
    // Sessions of dblink, for one, survive DISCARD ALL.
    return [...state.residue.keys()].every((key) => state.fresh.has(key))
  }

  async #list(backend: BackendConnection): Promise<Map<string, Residue>> {
    const names = this.#names(await this.#knowledge)
    const { residue } = await auditBackend((text) => backend.query(text), {
      settingNames: names,
      followedSettings: this.#options.followed,
    })
    return new Map(residue.map((one) => [residueKey(one), one]))
  }

  /** Undefined when it could not be read: a role without rights, a timeout that is too short. */
  async #fingerprint(backend: BackendConnection, state: BackendState): Promise<string | undefined> {
    const knowledge = await this.#knowledge
    if (!knowledge) return undefined
    const ask = async (): Promise<Readonly<Record<string, string | null>> | undefined> => {
      const kind = state.hasTemporary ? 1 : 0
      const name = statementNames[kind]
      const start = state.isPrepared ? [] : [parse(name, knowledge.sql[kind])]
      const request = Buffer.concat([...start, bindAndExecute(name, [this.#namesAsked(knowledge)]), sync()])
      const [row] = (await backend.run(request, fingerprintColumns)).rows
      state.isPrepared = true
      if (state.hasTemporary || row?.['has_temporary'] !== 't') return row
      state.hasTemporary = true
      state.isPrepared = false
      return ask()
    }
    try {
      let row = await ask()
      const functions = row?.['functions'] ?? undefined
      if (functions !== knowledge.functions) {
        knowledge.functions = functions
        knowledge.inFunctions = await namesInFunctions(backend)
        row = await ask()
      }
      return row?.['fingerprint'] ?? undefined
    } catch {
      // The statement may or may not be there now, for example after DEALLOCATE ALL: an unused name is safe to close.
      state.isPrepared = false
      await backend.query(`deallocate ${statementNames[state.hasTemporary ? 1 : 0]}`).catch(() => undefined)
      return undefined
    }
  }

  async #learnOnce(backend: BackendConnection): Promise<void> {
    const knowledge = (this.#knowledge ??= this.#learn(backend))
    try {
      await knowledge
    } catch (error) {
      // The backend died: the next one is asked again.
      if (this.#knowledge === knowledge) this.#knowledge = undefined
      throw error
    }
  }

  async #learn(backend: BackendConnection): Promise<Knowledge> {
    const settings = await backend.query(changeableSettingsSql)
    const configured = await backend.query(configuredSettingsSql)
    const dblink = (await backend.query(dblinkSchemaSql)).rows[0]?.['schema'] ?? undefined
    const names = settings.rows.map(({ name }) => name ?? '')
    const { followed } = this.#options
    return {
      sql: [fingerprintSql(names, followed, dblink, false), fingerprintSql(names, followed, dblink, true)],
      configured: configured.rows.map(({ name }) => name ?? '').filter((name) => name.includes('.')),
      functions: undefined,
      inFunctions: await namesInFunctions(backend),
    }
  }

  #namesAsked(knowledge: Knowledge): string {
    const heard = this.#options.settingNames().size
    const { inFunctions } = knowledge
    if (this.#asked?.heard !== heard || this.#asked.inFunctions !== inFunctions) {
      this.#asked = { heard, inFunctions, names: textArray(this.#names(knowledge)) }
    }
    return this.#asked.names
  }

  #names(knowledge: Knowledge | undefined): string[] {
    const { configured = [], inFunctions = [] } = knowledge ?? {}
    return [...new Set([...configured, ...this.#options.settingNames(), ...inFunctions])].slice(0, mostNames)
  }
}

/**
 * Set in the session, to what it is anyway: a stranger meets nothing new. The fingerprint does not see it either, so that
 * it would be charged to a later transaction.
 */
const isUsual = ({ kind, value, usual }: Residue): boolean => kind === 'setting' && value === usual

/** Where a piece of residue is, whatever its value. */
const placeOf = ({ kind, name }: Residue): string => JSON.stringify([kind, name])

/** Names of settings in the functions of a database: what they set, no SQL of a client shows. */
export async function namesInFunctions(backend: BackendConnection): Promise<string[]> {
  const { rows } = await backend.query(settingFunctionsSql)
  return rows.flatMap(({ source, config }) => settingNamesIn(`set ${source ?? ''} ${config ?? ''}`))
}
