import type { Duplex } from 'node:stream'
import type pg from 'pg'
import type { HazardId } from '@pooler-safe/hazards'
import type { ConnectionInternals } from '../client/pg-internals.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { FrontendScanner, type FrontendMessage } from './frontend-scanner.ts'

/** What the wire guard found in the bytes of one client connection. */
export interface WireViolation {
  /** Which rule was broken: a stable word to branch on. */
  readonly rule: 'named-statement' | 'second-request' | 'sync-first' | 'split-statement' | 'function-call'
  readonly hazard: HazardId
  /** What was about to be sent, in a sentence. */
  readonly message: string
}

/** Counters of one guarded client connection. */
export interface WireAudit {
  /** Query and Sync messages that were sent: one per request. */
  readonly requests: number
  /** Messages by type letter. */
  readonly messages: ReadonlyMap<string, number>
  /** What was found, in order. */
  readonly violations: readonly WireViolation[]
}

/** What a wire guard does about what it finds. */
export interface WireGuardOptions {
  /**
   * What to do about a violation. `close` (default) ends the client connection before the bytes leave; `report` lets them
   * through and only records them, to judge a program without changing it.
   */
  readonly onViolation?: 'close' | 'report'
}

const guarded = new WeakMap<Duplex, WireAudit>()

/**
 * Watches every byte that a client writes, and closes the client connection before an unsafe message leaves.
 *
 * Works on any `pg` client, guarded or not: `pool.on('connect', (client) => wireGuard(client))`. Call it when the client is
 * connected, or before: it installs itself behind TLS either way. It holds I1 and I2: no named statements, one unanswered
 * request, requests that start with Parse or Query, Bind only of what the same request parsed. A portal that is being read (Execute and
 * Flush until its own Sync) and COPY data are the exceptions.
 *
 * Costs no round trip. The query whose bytes were stopped rejects with POOLER_SAFE_WIRE_VIOLATION.
 *
 * @returns the counters of this client connection; the same ones when it is guarded already
 * @throws PoolerSafeError POOLER_SAFE_NATIVE_BINDINGS when the client has no connection to watch
 * @example
 * ```ts
 * raw.on('connect', (client) => {
 *   wireGuard(client)
 * })
 * ```
 */
export function wireGuard(client: pg.ClientBase, options: WireGuardOptions = {}): WireAudit {
  const { connection } = client as unknown as { connection?: ConnectionInternals }
  if (!connection) {
    throw new PoolerSafeError('POOLER_SAFE_NATIVE_BINDINGS', 'The client has no connection that could be watched.', {
      outcome: 'not-executed',
      hint: 'Use the JavaScript client of pg.',
    })
  }
  const existing = guarded.get(connection.stream)
  if (existing) return existing
  const guard = new WireGuard(connection, options.onViolation ?? 'close')
  const { readyForQuery } = client as unknown as { readyForQuery?: boolean }
  if (readyForQuery === undefined) client.once('connect', () => guard.install())
  else guard.install()
  return guard.audit
}

/** Where a client connection is in the protocol, as its own bytes tell. */
type Phase =
  /** Nothing is unanswered. */
  | 'idle'
  /** Parse or Bind was sent, their Sync was not. */
  | 'building'
  /** The same, and a Flush was sent: a portal is being read. */
  | 'reading-portal'
  /** Query or Sync is unanswered. */
  | 'awaiting'

class WireGuard {
  readonly audit: WireAudit & { requests: number; messages: Map<string, number>; violations: WireViolation[] }
  readonly #connection: ConnectionInternals
  readonly #mode: 'close' | 'report'
  readonly #scanner = new FrontendScanner((message) => this.#message(message))
  #phase: Phase = 'idle'
  #unanswered = 0
  /** The last write was one of a corked run, which leaves as one. */
  #corked = false
  /** A Parse of this request was sent, and neither Sync nor Flush since. */
  #parsed = false
  #firstOfSegment = true
  #found: WireViolation | undefined

  constructor(connection: ConnectionInternals, mode: 'close' | 'report') {
    this.#connection = connection
    this.#mode = mode
    this.audit = { requests: 0, messages: new Map(), violations: [] }
  }

  install(): void {
    const { stream } = this.#connection
    if (guarded.has(stream)) return
    guarded.set(stream, this.audit)
    this.#unanswered = 0
    // Before the client's own listener, which writes the next queued request at once.
    this.#connection.prependListener('readyForQuery', () => {
      this.#unanswered = Math.max(0, this.#unanswered - 1)
      if (this.#unanswered === 0) this.#phase = 'idle'
    })
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    const uncork = stream.uncork.bind(stream)
    const end = stream.end.bind(stream) as (...args: unknown[]) => Duplex
    stream.write = (chunk: unknown, ...rest: unknown[]): boolean => this.#pass(chunk) && write(chunk, ...rest)
    stream.uncork = (): void => {
      this.#corked = false
      uncork()
    }
    stream.end = ((chunk?: unknown, ...rest: unknown[]): Duplex => {
      if (typeof chunk === 'function' || chunk === undefined || chunk === null) return end(chunk, ...rest)
      return this.#pass(chunk) ? end(chunk, ...rest) : stream
    }) as typeof stream.end
  }

  /** Scans one write. False when its bytes must not leave. */
  #pass(chunk: unknown): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    if (!(bytes instanceof Uint8Array)) return true
    if (!this.#corked) {
      this.#firstOfSegment = this.#scanner.atBoundary
    }
    this.#corked = this.#connection.stream.writableCorked > 0
    this.#found = undefined
    this.#scanner.scan(bytes)
    return this.#mode === 'report' || !this.#found || this.#close(this.#found)
  }

  #close(violation: WireViolation): false {
    this.#connection.stream.destroy(
      new PoolerSafeError('POOLER_SAFE_WIRE_VIOLATION', violation.message, {
        outcome: 'not-executed',
        hazard: violation.hazard,
        hint: 'The client connection was closed before these bytes left it. Find who wrote them: the stack of the query says.',
      }),
    )
    return false
  }

  #message(message: FrontendMessage): void {
    const { type } = message
    const { messages } = this.audit
    messages.set(type, (messages.get(type) ?? 0) + 1)
    const violation = this.#judge(message)
    this.#firstOfSegment = false
    if (violation) {
      this.audit.violations.push(violation)
      this.#found ??= violation
    }
    this.#advance(type)
  }

  #judge({ type, name, statement, kind }: FrontendMessage): WireViolation | undefined {
    switch (type) {
      case 'P':
        if (name) return named('Parse', name)
        break
      case 'B':
        if (statement) return named('Bind', statement)
        if (!this.#parsed) return splitStatement
        break
      case 'D':
      case 'C':
        if (kind === 'S' && name) return named(type === 'D' ? 'Describe' : 'Close', name)
        break
      case 'Q':
      case 'E':
      case 'H':
        break
      case 'S':
        if (this.#phase === 'idle' || (this.#firstOfSegment && this.#phase === 'building')) return syncFirst
        break
      case 'F':
        return functionCall
      default:
        // COPY data, passwords and Terminate.
        return undefined
    }
    return this.#phase === 'awaiting' ? secondRequest : undefined
  }

  #advance(type: string): void {
    switch (type) {
      case 'P':
        this.#parsed = true
        if (this.#phase === 'idle') this.#phase = 'building'
        break
      case 'B':
        if (this.#phase === 'idle') this.#phase = 'building'
        break
      case 'H':
        this.#parsed = false
        if (this.#phase === 'building') this.#phase = 'reading-portal'
        break
      case 'Q':
      case 'S':
        this.audit.requests += 1
        this.#unanswered += 1
        this.#phase = 'awaiting'
        this.#parsed = false
        break
      default:
        break
    }
  }
}

function named(message: string, name: string): WireViolation {
  return {
    rule: 'named-statement',
    hazard: 'named-parse',
    message: `${message} of the named statement "${name}" was about to be sent.`,
  }
}

const secondRequest: WireViolation = {
  rule: 'second-request',
  hazard: 'sync-pipelining',
  message: 'A second request was about to be sent before the first was answered.',
}

const syncFirst: WireViolation = {
  rule: 'sync-first',
  hazard: 'sync-pipelining',
  message: 'A write that starts with Sync was about to be sent: some poolers drop what follows it.',
}

const splitStatement: WireViolation = {
  rule: 'split-statement',
  hazard: 'unnamed-split',
  message:
    'Bind of an unnamed statement that its request did not parse was about to be sent: it may be another client’s.',
}

const functionCall: WireViolation = {
  rule: 'function-call',
  hazard: 'function-call-protocol',
  message: 'A FunctionCall message was about to be sent, which poolers do not support.',
}
