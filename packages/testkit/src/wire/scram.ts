import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { TestkitError } from '../testkit-error.ts'

const derive = promisify(pbkdf2)
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest()

/** What a server keeps of a password (RFC 5802): enough to check a client, not enough to be one. */
export interface ScramVerifier {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** What a client needs to log in: a password, or the keys that a client's own log-in revealed to us. */
export type ScramSecret =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'keys'; readonly clientKey: Buffer; readonly serverKey: Buffer }

interface ClientKeys {
  readonly clientKey: Buffer
  readonly serverKey: Buffer
}

const derivedKeys = new WeakMap<ScramSecret, Map<string, Promise<ClientKeys>>>()

function clientKeys(secret: ScramSecret, salt: Buffer, iterations: number): Promise<ClientKeys> {
  if (secret.kind === 'keys') return Promise.resolve(secret)
  // Deriving takes milliseconds, and a pooler logs in with the same salt again and again.
  const known = derivedKeys.get(secret) ?? new Map<string, Promise<ClientKeys>>()
  derivedKeys.set(secret, known)
  const id = `${iterations}:${salt.toString('base64')}`
  const before = known.get(id)
  if (before) return before
  const keys = derive(secret.password.normalize('NFKC'), salt, iterations, 32, 'sha256').then((salted) => ({
    clientKey: hmac(salted, 'Client Key'),
    serverKey: hmac(salted, 'Server Key'),
  }))
  known.set(id, keys)
  return keys
}

/** Makes the verifier of a password with a fresh salt. */
export async function makeVerifier(password: string, iterations = 4096): Promise<ScramVerifier> {
  const salt = randomBytes(16)
  const salted = await derive(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  return {
    salt,
    iterations,
    storedKey: sha256(hmac(salted, 'Client Key')),
    serverKey: hmac(salted, 'Server Key'),
  }
}

/** Reads what `pg_authid.rolpassword` holds; undefined when it is not a SCRAM-SHA-256 verifier. */
export function parseVerifier(text: string): ScramVerifier | undefined {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(text)
  if (!match) return undefined
  const [, iterations = '', salt = '', storedKey = '', serverKey = ''] = match
  return {
    salt: Buffer.from(salt, 'base64'),
    iterations: Number(iterations),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
  }
}

function attributes(text: string): Map<string, string> {
  return new Map(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
}

function exclusiveOr(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)))
}

function sameBytes(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

const refuse = (why: string): TestkitError => new TestkitError('authentication-failed', why)

/** What the client's side says about channel binding: none, possible but not offered by the server, or bound to this. */
export type ClientBinding = 'none' | 'not-offered' | { readonly serverEndPoint: Buffer }

/** The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS. Throws when the server cannot prove that it knows us. */
export class ScramClient {
  readonly #secret: ScramSecret
  readonly #nonce = randomBytes(18).toString('base64')
  #authMessage = ''
  #serverKey: Buffer = Buffer.alloc(0)
  readonly #header: string
  readonly #bound: Buffer

  constructor(secret: ScramSecret, binding: ClientBinding = 'none') {
    this.#secret = secret
    this.#header = typeof binding === 'object' ? 'p=tls-server-end-point,,' : binding === 'none' ? 'n,,' : 'y,,'
    this.#bound = typeof binding === 'object' ? binding.serverEndPoint : Buffer.alloc(0)
  }

  get first(): string {
    return `${this.#header}n=,r=${this.#nonce}`
  }

  async answer(serverFirst: string): Promise<string> {
    const given = attributes(serverFirst)
    const nonce = given.get('r') ?? ''
    const iterations = Number(given.get('i'))
    const salt = Buffer.from(given.get('s') ?? '', 'base64')
    if (!nonce.startsWith(this.#nonce) || nonce.length <= this.#nonce.length) throw refuse('SCRAM: foreign nonce.')
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > 10_000_000 || salt.length === 0) {
      throw refuse('SCRAM: unusable salt or iteration count.')
    }
    const keys = await clientKeys(this.#secret, salt, iterations)
    const channel = Buffer.concat([Buffer.from(this.#header), this.#bound]).toString('base64')
    const withoutProof = `c=${channel},r=${nonce}`
    this.#authMessage = `n=,r=${this.#nonce},${serverFirst},${withoutProof}`
    this.#serverKey = keys.serverKey
    const signature = hmac(sha256(keys.clientKey), this.#authMessage)
    return `${withoutProof},p=${exclusiveOr(keys.clientKey, signature).toString('base64')}`
  }

  verify(serverFinal: string): void {
    const signature = Buffer.from(attributes(serverFinal).get('v') ?? '', 'base64')
    if (!sameBytes(signature, hmac(this.#serverKey, this.#authMessage)))
      throw refuse('SCRAM: the server does not know the password.')
  }
}

/** What the server's side learned when a client proved its password. */
export interface ScramProof {
  readonly finalMessage: string
  /** Lets us log in upstream as this client, if upstream holds the same verifier. */
  readonly secret: ScramSecret
}

/** The server's side of SCRAM-SHA-256 without channel binding. */
export class ScramServer {
  readonly #verifier: ScramVerifier
  readonly #serverNonce = randomBytes(18).toString('base64')
  #clientFirstBare = ''
  #serverFirst = ''
  #nonce = ''
  #gs2Header = ''

  constructor(verifier: ScramVerifier) {
    this.#verifier = verifier
  }

  /** Takes client-first, answers server-first. Throws `authentication-failed` for anything malformed. */
  first(clientFirst: string): string {
    const match = /^([ny],(?:a=[^,]*)?,)(n=[^,]*,r=([^,]+)(?:,.*)?)$/.exec(clientFirst)
    if (!match) throw refuse('SCRAM: malformed first message.')
    const [, gs2Header = '', bare = '', clientNonce = ''] = match
    this.#gs2Header = gs2Header
    this.#clientFirstBare = bare
    this.#nonce = clientNonce + this.#serverNonce
    this.#serverFirst = `r=${this.#nonce},s=${this.#verifier.salt.toString('base64')},i=${this.#verifier.iterations}`
    return this.#serverFirst
  }

  /** Takes client-final, answers the proof that both know the password; undefined when the client does not. */
  final(clientFinal: string): ScramProof | undefined {
    const proofAt = clientFinal.lastIndexOf(',p=')
    if (proofAt === -1) throw refuse('SCRAM: malformed final message.')
    const withoutProof = clientFinal.slice(0, proofAt)
    const given = attributes(withoutProof)
    const binding = Buffer.from(this.#gs2Header).toString('base64')
    if (given.get('c') !== binding || given.get('r') !== this.#nonce) throw refuse('SCRAM: malformed final message.')
    const proof = Buffer.from(clientFinal.slice(proofAt + 3), 'base64')
    if (proof.length !== 32) throw refuse('SCRAM: malformed proof.')
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`
    const clientKey = exclusiveOr(proof, hmac(this.#verifier.storedKey, authMessage))
    if (!sameBytes(sha256(clientKey), this.#verifier.storedKey)) return undefined
    const { serverKey } = this.#verifier
    return {
      finalMessage: `v=${hmac(serverKey, authMessage).toString('base64')}`,
      secret: { kind: 'keys', clientKey, serverKey },
    }
  }
}
