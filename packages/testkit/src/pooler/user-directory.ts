import { randomBytes } from 'node:crypto'
import type { ConnectionTarget } from '../connection-target.ts'
import { makeVerifier, parseVerifier, type ScramSecret, type ScramVerifier } from '../wire/scram.ts'
import { SimpleClient } from '../wire/simple-client.ts'
import { quoteLiteral } from './tracked-parameters.ts'

/** What is known of a user: how to check a client, and how to log in upstream. */
export interface KnownUser {
  readonly verifier: ScramVerifier
  /** Undefined when only the client's own log-in reveals it. */
  readonly secret: ScramSecret | undefined
  readonly exists: boolean
}

/**
 * The users of a pooler: those whose passwords were given, and every role of the server whose SCRAM verifier the
 * upstream user may read. Such a role's client proves its password to us and thereby gives us the keys for upstream.
 */
export class UserDirectory {
  readonly #upstream: ConnectionTarget
  readonly #given = new Map<string, ScramSecret & { kind: 'password' }>()
  readonly #verifiers = new Map<string, Promise<ScramVerifier>>()
  readonly #mock: Promise<ScramVerifier> = makeVerifier(randomBytes(16).toString('hex'))

  constructor(upstream: ConnectionTarget, users: Readonly<Record<string, string>>) {
    this.#upstream = upstream
    for (const [user, password] of Object.entries({ [upstream.user]: upstream.password, ...users })) {
      this.#given.set(user, { kind: 'password', password })
    }
  }

  /** The password that was given for a user. */
  secretOf(user: string): ScramSecret | undefined {
    return this.#given.get(user)
  }

  /** What a client of that name is checked against. A user that does not exist gets a verifier that nobody fits. */
  async find(user: string): Promise<KnownUser> {
    const secret = this.#given.get(user)
    if (secret) {
      const verifier = this.#verifiers.get(user) ?? makeVerifier(secret.password)
      this.#verifiers.set(user, verifier)
      return { verifier: await verifier, secret, exists: true }
    }
    const verifier = await this.#ask(user)
    return { verifier: verifier ?? (await this.#mock), secret: undefined, exists: verifier !== undefined }
  }

  async #ask(user: string): Promise<ScramVerifier | undefined> {
    let client: SimpleClient
    try {
      client = await SimpleClient.connect(this.#upstream)
    } catch {
      return undefined
    }
    try {
      const { rows } = await client.query(
        `select rolpassword from pg_catalog.pg_authid where rolcanlogin and rolname = ${quoteLiteral(user)}`,
      )
      return parseVerifier(rows[0]?.['rolpassword'] ?? '')
    } catch {
      // Not a superuser: then only the given users exist.
      return undefined
    } finally {
      await client.close()
    }
  }
}
