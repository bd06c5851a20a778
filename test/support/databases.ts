import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Environment } from './environment.ts'

/** The addresses of one database. */
export interface DatabaseAddresses {
  readonly name: string
  readonly directUrl: string
  readonly pooledUrl: string
  readonly pgbouncerUrl: string | undefined
}

/** Whether the template of a kind exists, or the asker is to fill it. */
export type TemplateState = { readonly state: 'ready' } | { readonly state: 'build'; readonly directUrl: string }

interface Template {
  readonly name: string
  readonly filled: Promise<boolean>
  readonly settle: (ok: boolean) => void
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Makes and drops the databases of a test run. */
export class Databases {
  readonly #environment: Environment
  readonly #admin: pg.Pool
  readonly #templates = new Map<string, Template>()
  readonly #run = randomBytes(3).toString('hex')
  readonly #live = new Set<string>()
  readonly #files = new Map<string, string>()
  #count = 0
  // CREATE DATABASE from a template needs it to itself.
  #turn: Promise<unknown> = Promise.resolve()

  constructor(environment: Environment) {
    this.#environment = environment
    this.#admin = new pg.Pool({ connectionString: environment.postgres.url, max: 2 })
    this.#admin.on('error', () => undefined)
  }

  get live(): readonly string[] {
    return [...this.#live]
  }

  /** The test file of each database that was ever made for one. */
  get files(): ReadonlyMap<string, string> {
    return this.#files
  }

  async create(file: string, template?: string): Promise<DatabaseAddresses> {
    const from = template === undefined ? undefined : this.#templates.get(template)?.name
    const name = await this.#make('test', from)
    this.#files.set(name, file)
    return this.#addresses(name)
  }

  /** The first who asks for a kind of template fills it; the others wait for that. */
  async template(kind: string): Promise<TemplateState> {
    const before = this.#templates.get(kind)
    if (before && (await before.filled)) return { state: 'ready' }
    if (before && this.#templates.get(kind) !== before) return this.template(kind)
    let settle: (ok: boolean) => void = () => undefined
    const filled = new Promise<boolean>((resolve) => (settle = resolve))
    this.#count += 1
    const name = `ps_${this.#run}_template_${this.#count}`
    this.#templates.set(kind, { name, filled, settle })
    try {
      await this.#makeNamed(name)
      return { state: 'build', directUrl: this.#environment.postgres.urlFor(name) }
    } catch (error) {
      settle(false)
      throw error
    }
  }

  templateDone(kind: string, ok: boolean): void {
    this.#templates.get(kind)?.settle(ok)
  }

  async drop(name: string): Promise<void> {
    this.#environment.pooler.closeDatabase(name)
    this.#live.delete(name)
    await this.#admin.query(`drop database if exists ${quoteName(name)} with (force)`)
  }

  async close(): Promise<void> {
    for (const name of this.#live) await this.drop(name)
    await this.#admin.end()
  }

  async #make(kind: string, from: string | undefined): Promise<string> {
    this.#count += 1
    const name = `ps_${this.#run}_${kind}_${this.#count}`
    await this.#makeNamed(name, from)
    return name
  }

  #makeNamed(name: string, from?: string): Promise<unknown> {
    const sql = `create database ${quoteName(name)}${from === undefined ? '' : ` template ${quoteName(from)}`}`
    const made = this.#turn.then(() => this.#admin.query(sql))
    this.#turn = made.catch(() => undefined)
    this.#live.add(name)
    return made
  }

  #addresses(name: string): DatabaseAddresses {
    const { postgres, pooler, pgbouncer } = this.#environment
    return {
      name,
      directUrl: postgres.urlFor(name),
      pooledUrl: pooler.urlFor(name),
      pgbouncerUrl: pgbouncer?.urlFor(name),
    }
  }
}
