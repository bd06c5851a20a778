import { analyzeSql } from '@pooler-safe/hazards'
import { cstringAt } from '../wire/decode.ts'
import { closeStatement, cstrings, message } from '../wire/encode.ts'
import { backend, frontend } from '../wire/message-types.ts'
import type { BackendConnection } from './backend-connection.ts'
import type { Refusal } from './backend-pool.ts'

/** Statements that a backend holds for the pooler; the longest unused goes first (PgBouncer's default, and Supavisor's). */
const mostOnBackend = 200
/** Supavisor's quota for each client connection. */
const mostOfClient = 100
/** No statement has this name: closing it is answered and changes nothing. */
const nobody = 'pooler_safe_nobody'

/** The statements that the backends of one pool hold for its clients. */
export class CarriedStatements {
  readonly #names = new Map<string, string>()
  readonly #onBackend = new WeakMap<BackendConnection, Set<string>>()

  /** The name under which backends know a statement: the same text with the same types has the same. */
  nameOf(definition: Buffer): string {
    const key = definition.toString('latin1')
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const name = `PGBOUNCER_${this.#names.size + 1}`
    this.#names.set(key, name)
    return name
  }

  on(server: BackendConnection): Set<string> {
    const known = this.#onBackend.get(server) ?? new Set<string>()
    this.#onBackend.set(server, known)
    return known
  }
}

interface Carried {
  readonly serverName: string
  /** Text and parameter types, as they came. */
  readonly definition: Buffer
}

type Translation = { readonly bytes: Buffer } | { readonly refusal: Refusal }

/**
 * Carries one client's named statements to whatever backend it has: names are replaced by the pooler's own, and a
 * statement that a backend does not know is parsed there first. What answers those extra messages the client never sees.
 */
export class StatementCarrier {
  readonly #style: 'pgbouncer' | 'supavisor'
  readonly #shared: CarriedStatements
  readonly #own = new Map<string, Carried>()
  /** Parses sent and not answered, in order: whose they are, and what they make known. */
  #parses: { readonly isOurs: boolean; readonly serverName: string | undefined }[] = []
  #closes: boolean[] = []
  #clears = false

  constructor(style: 'pgbouncer' | 'supavisor', shared: CarriedStatements) {
    this.#style = style
    this.#shared = shared
  }

  /** Whether the tags of what is running matter. */
  get wantsTags(): boolean {
    return this.#clears
  }

  /** Messages that have to be read whole before they can be sent on. */
  intercepts(type: number): boolean {
    return (
      type === frontend.parse ||
      type === frontend.bind ||
      type === frontend.describe ||
      type === frontend.close ||
      type === frontend.query
    )
  }

  translate(type: number, body: Buffer, server: BackendConnection): Translation {
    switch (type) {
      case frontend.parse:
        return this.#parse(body, server)
      case frontend.bind:
        return this.#bind(body, server)
      case frontend.describe:
      case frontend.close:
        return this.#byName(type, body, server)
      default:
        return this.#query(body)
    }
  }

  /** A message of the backend begins; false when it answers what the pooler sent of its own. */
  answered(type: number): boolean {
    if (type === backend.parseComplete) return this.#parses.shift()?.isOurs !== true
    if (type === backend.closeComplete) return this.#closes.shift() !== true
    return true
  }

  /** What was not answered by now never will be: the backend skips to the Sync. */
  failed(server: BackendConnection): void {
    for (const { serverName } of this.#parses) if (serverName !== undefined) this.#shared.on(server).delete(serverName)
    this.#parses = []
    this.#closes = []
  }

  ready(): void {
    this.#parses = []
    this.#closes = []
    this.#clears = false
  }

  /** DEALLOCATE ALL and DISCARD ALL take all statements away; Supavisor does not notice. */
  tag(tag: string, server: BackendConnection): void {
    if (this.#style === 'supavisor' || (tag !== 'DEALLOCATE ALL' && tag !== 'DISCARD ALL')) return
    this.#shared.on(server).clear()
    this.#own.clear()
  }

  #parse(body: Buffer, server: BackendConnection): Translation {
    const { text: name, next } = cstringAt(body, 0)
    if (name === '') {
      this.#parses.push({ isOurs: false, serverName: undefined })
      return { bytes: message(frontend.parse, body) }
    }
    if (this.#own.has(name)) return { refusal: this.#duplicate(name) }
    if (this.#style === 'supavisor' && this.#own.size >= mostOfClient) return { refusal: quotaExceeded }
    const definition = Buffer.from(body.subarray(next))
    const serverName = this.#shared.nameOf(definition)
    const carried = { serverName, definition }
    this.#own.set(name, carried)
    const again = this.#shared.on(server).has(serverName) ? [this.#close(serverName)] : []
    return { bytes: Buffer.concat([...again, this.#parseFor(carried, server, false)]) }
  }

  #bind(body: Buffer, server: BackendConnection): Translation {
    const portal = cstringAt(body, 0)
    const name = cstringAt(body, portal.next)
    if (name.text === '') return { bytes: message(frontend.bind, body) }
    const carried = this.#own.get(name.text)
    if (!carried) return { refusal: this.#unknown(name.text) }
    const renamed = Buffer.concat([cstrings(portal.text, carried.serverName), body.subarray(name.next)])
    return { bytes: Buffer.concat([this.#ensure(carried, server), message(frontend.bind, renamed)]) }
  }

  #byName(type: number, body: Buffer, server: BackendConnection): Translation {
    const { text: name } = cstringAt(body, 1)
    if (type === frontend.close) this.#closes.push(false)
    if (body[0] !== 0x53 || name === '') return { bytes: message(type, body) }
    if (type === frontend.close) {
      this.#own.delete(name)
      return { bytes: closeStatement(nobody) }
    }
    const carried = this.#own.get(name)
    if (!carried) return { refusal: this.#unknown(name) }
    const renamed = message(frontend.describe, cstrings(`S${carried.serverName}`))
    return { bytes: Buffer.concat([this.#ensure(carried, server), renamed]) }
  }

  #query(body: Buffer): Translation {
    const sql = cstringAt(body, 0).text
    if (this.#style === 'supavisor' && managesStatements(sql)) return { refusal: onlyExtended }
    if (/\b(deallocate|discard)\b/i.test(sql)) this.#clears = true
    return { bytes: message(frontend.query, body) }
  }

  #ensure(carried: Carried, server: BackendConnection): Buffer {
    const known = this.#shared.on(server)
    if (!known.has(carried.serverName)) return this.#parseFor(carried, server, true)
    // Used last: a Set keeps the order of insertion.
    known.delete(carried.serverName)
    known.add(carried.serverName)
    return Buffer.alloc(0)
  }

  #parseFor({ serverName, definition }: Carried, server: BackendConnection, isOurs: boolean): Buffer {
    const known = this.#shared.on(server)
    known.add(serverName)
    const [oldest] = known
    const evicted = known.size > mostOnBackend && oldest !== undefined ? [this.#close(oldest)] : []
    if (evicted.length > 0 && oldest !== undefined) known.delete(oldest)
    this.#parses.push({ isOurs, serverName })
    return Buffer.concat([...evicted, message(frontend.parse, Buffer.concat([cstrings(serverName), definition]))])
  }

  #close(serverName: string): Buffer {
    this.#closes.push(true)
    return closeStatement(serverName)
  }

  #unknown(name: string): Refusal {
    return this.#style === 'pgbouncer'
      ? { sqlstate: '08P01', message: 'prepared statement did not exist' }
      : { sqlstate: '26000', message: `(EPREPAREDNOTFOUND) prepared statement "${name}" does not exist` }
  }

  #duplicate(name: string): Refusal {
    return this.#style === 'pgbouncer'
      ? { sqlstate: '08P01', message: 'prepared statement name is already in use' }
      : { sqlstate: '42P05', message: `(EPREPAREDDUP) prepared statement "${name}" already exists` }
  }
}

const quotaExceeded: Refusal = {
  sqlstate: 'XX000',
  message: `(EMAXPREPARED) max prepared statements limit reached. Limit: ${mostOfClient} per connection`,
}

const onlyExtended: Refusal = {
  sqlstate: 'XX000',
  message: '(EPSSIMPLEQUERY) transaction mode only supports prepared statements using the Extended Query Protocol',
}

function managesStatements(sql: string): boolean {
  if (!/\b(prepare|execute|deallocate)\b/i.test(sql)) return false
  return analyzeSql(sql).statements.some(({ start }) =>
    /^(prepare(?!\s+transaction)|execute|deallocate)\b/i.test(sql.slice(start)),
  )
}
