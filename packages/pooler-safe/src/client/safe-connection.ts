import pg from 'pg'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { unreadable } from './sql-policy.ts'
import { pgUtils } from './pg-internals.ts'
import type { BindRequest, ConnectionInternals, ExecuteRequest, NamedRequest, ParseRequest } from './pg-internals.ts'
import { badParameter, maxParameters, tooManyParameters, wireValue } from './parameters.ts'
import type { SafeBatch } from '../batch/safe-batch.ts'
import type { SafeQuery } from './safe-query.ts'
import { MessageWriter, type WireValue } from '../wire/message-writer.ts'
import { toError } from '../errors/to-error.ts'
import { pieceBytes, writeInPieces } from './write-in-pieces.ts'

const flushMessage = Buffer.from([0x48, 0, 0, 0, 4])

const messageType = { query: 0x51, parse: 0x50, bind: 0x42, describe: 0x44, execute: 0x45, close: 0x43, sync: 0x53 }

/** What a query sees of the connection it is submitted to. */
export interface GuardedConnection extends ConnectionInternals {
  readonly admission: Admission
  /** A Query or Sync is unanswered. */
  readonly awaitingReady: boolean
  /** The text that the policy layer has already judged: it is not judged twice. */
  admitted: string | undefined
  /** Bind and Execute of further rows of the statement that the request parsed, serialised already. */
  rows(serialised: Buffer): void
  /** Starts a request: from here to `endRequest` a refusal is thrown and leaves the socket untouched. */
  beginRequest(): void
  /** Ends a request. After a failure, says whether bytes of it are already on the socket. */
  endRequest(failed: boolean): { readonly wrote: boolean }
}

/** The policy of the client that owns the connection. Each method returns why something is refused. */
export interface Admission {
  text(text: string, extended: boolean): Error | undefined
  query(query: SafeQuery): Error | undefined
  batch(batch: SafeBatch): Error | undefined
  /** Says what became of a query that ends with an error the server did not report for it. */
  explain(query: SafeQuery, error: unknown): unknown
}

const PgConnection = pg.Connection as unknown as new (config: object) => ConnectionInternals

/**
 * The hard floor: every statement name and every byte of SQL passes here.
 *
 * It refuses named statements, Bind of what the request did not parse, more than 65535 parameters and a second request
 * before the first is answered. Parse, Bind,
 * Describe, Execute and Close are held back until Sync or Flush, so that a request is one contiguous write that starts
 * with Parse, and so that whatever throws on the way there has not written a byte.
 */
export class SafeConnection extends PgConnection implements GuardedConnection {
  awaitingReady = false
  admitted: string | undefined
  readonly admission: Admission
  /** What is held back. */
  readonly #writer = new MessageWriter()
  /** Extended-protocol messages were flushed whose Sync is still to come: a portal is being read. */
  #windowOpen = false
  #building = false
  /** A Parse was held back or sent, and neither Sync nor Flush since: Bind may name the unnamed statement. */
  #parsed = false
  #wrote = false
  /** Pieces of the request have not left yet. */
  #leaving = false
  #poison: Error | undefined

  constructor(original: ConnectionInternals, admission: Admission) {
    super({
      stream: original.stream,
      ssl: original.ssl,
      sslNegotiation: original.sslNegotiation,
      keepAlive: original._keepAlive,
      keepAliveInitialDelayMillis: original._keepAliveInitialDelayMillis,
    })
    this.admission = admission
    // No statement has a name, so there is nothing to remember about any.
    this.parsedStatements = memoryless()
    this.submittedNamedStatements = memoryless()
  }

  beginRequest(): void {
    this.#dropHeld()
    this.#poison = undefined
    this.#wrote = false
    this.#parsed = false
    this.#building = true
  }

  endRequest(failed: boolean): { readonly wrote: boolean } {
    this.#building = false
    this.admitted = undefined
    if (failed) this.#dropHeld()
    return { wrote: this.#wrote }
  }

  /** ReadyForQuery arrived. */
  markReady(): void {
    this.awaitingReady = false
    this.#windowOpen = false
    // Nothing can be answered whose Sync has not left: whatever comes next would be written into the middle of it.
    if (this.#leaving) this.stream.destroy()
  }

  override query(text: string): void {
    this.#check(text, false)
    this.#claim()
    super.query(text)
  }

  override parse(request: ParseRequest): void {
    if (request.name) throw namedStatement('Parse', request.name)
    this.#check(request.text, true)
    if (request.types?.length) super.parse(request)
    else {
      this.#checkTurn()
      this.#writer.parse(request.text)
    }
    this.#parsed = true
  }

  override bind(request: BindRequest): void {
    try {
      if (request.statement) throw namedStatement('Bind', request.statement)
      if (!this.#parsed) throw splitStatement()
      if (request.binary) throw binaryResults()
      const values = wireValues(request)
      if (request.portal) super.bind({ portal: request.portal, values })
      else {
        this.#checkTurn()
        this.#writer.bind(values, values.length)
      }
    } catch (error) {
      // pg answers a failed Bind with Close and Sync: they must not be sent either.
      if (this.#building) this.#poison = toError(error)
      throw error
    }
  }

  override execute(request: ExecuteRequest = {}): void {
    if (request.portal || request.rows) {
      super.execute(request)
      return
    }
    this.#checkTurn()
    this.#writer.execute()
  }

  rows(serialised: Buffer): void {
    if (!this.#building || !this.#parsed) throw splitStatement()
    this.#writer.append(serialised)
  }

  override describe(request: NamedRequest): void {
    if (request.type === 'S' && request.name) throw namedStatement('Describe', request.name)
    if (request.type === 'S' || request.name) {
      super.describe(request)
      return
    }
    this.#checkTurn()
    this.#writer.describe()
  }

  override close(request: NamedRequest): void {
    if (request.type === 'S' && request.name) throw namedStatement('Close', request.name)
    super.close(request)
  }

  override flush(): void {
    if (this.#poison) throw this.#poison
    if (!this.stream.writable) return
    this.#windowOpen = true
    this.#parsed = false
    this.#write(flushMessage)
  }

  override sync(): void {
    if (this.#poison) throw this.#poison
    // A Sync that ends nothing (a cursor that was refused, or that ends twice) would earn a ReadyForQuery of its own.
    if (this.#writer.bytes === 0 && !this.#windowOpen) return
    this.#claim()
    const ending = this._ending
    super.sync()
    // pg below 8.23 takes a Sync for the end of the connection, and then swallows socket errors.
    this._ending = ending
  }

  override _send(buffer: Buffer): boolean | undefined {
    switch (buffer[0]) {
      case messageType.close:
        // A portal ends with its Sync: closing it later would be a request of its own.
        if (!this.#isTurn) return true
        this.#writer.append(buffer)
        return true
      case messageType.parse:
      case messageType.bind:
      case messageType.describe:
      case messageType.execute:
        this.#checkTurn()
        this.#writer.append(buffer)
        return true
      case messageType.sync:
      case messageType.query:
        if (!this.stream.writable) return false
        return this.#write(buffer)
      default:
        return super._send(buffer)
    }
  }

  /** A request may be built: none is unanswered, and one was begun or a portal is being read. */
  get #isTurn(): boolean {
    return !this.awaitingReady && (this.#building || this.#windowOpen)
  }

  #checkTurn(): void {
    if (!this.#isTurn) throw pipelining()
  }

  #check(text: string, extended: boolean): void {
    // The protocol ends a text at its first NUL: what follows would be read as something else.
    if (text.includes('\0')) throw unreadable('it contains a NUL character')
    if (text === this.admitted) return
    const refusal = this.admission.text(text, extended)
    if (refusal) throw refusal
  }

  #claim(): void {
    if (this.awaitingReady) throw pipelining()
    this.awaitingReady = true
    this.#windowOpen = false
    this.#parsed = false
  }

  #write(last: Buffer): boolean {
    this.#wrote = true
    if (this.#writer.bytes === 0) return this.stream.write(last)
    this.#writer.append(last)
    const request = this.#writer.take()
    if (request.length <= pieceBytes) return this.stream.write(request)
    this.#leaving = !writeInPieces(this.stream, request, () => (this.#leaving = false))
    return !this.#leaving
  }

  #dropHeld(): void {
    this.#writer.drop()
  }
}

function memoryless(): object {
  return new Proxy(Object.create(null) as object, { set: () => true, defineProperty: () => true })
}

function namedStatement(message: string, name: string): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_NAMED_STATEMENT',
    `${message} of the named statement "${name}" was refused: the next transaction may run on a backend that does not know it.`,
    {
      outcome: 'not-executed',
      hazard: 'named-parse',
      hint: 'Send the statement without a name; it is parsed with every use.',
    },
  )
}

/** What the values are on the wire. What throws on the way there has not written a byte. */
function wireValues({ values, valueMapper }: BindRequest): WireValue[] {
  const count = values?.length ?? 0
  if (count > maxParameters) throw tooManyParameters(count)
  const own = valueMapper && valueMapper !== pgUtils.prepareValue ? valueMapper : undefined
  const prepared = new Array<WireValue>(count)
  for (let index = 0; index < count; index += 1) {
    const value = values?.[index]
    prepared[index] = wireValue(own ? mapped(own, value, index) : value, index)
  }
  return prepared
}

function mapped(map: (value: unknown, index: number) => unknown, value: unknown, index: number): unknown {
  try {
    return map(value, index)
  } catch (error) {
    throw badParameter(index, error)
  }
}

function binaryResults(): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_INVALID_QUERY',
    'Binary results were refused: pg decodes them as UTF-8 first, which silently changes numbers.',
    { outcome: 'not-executed', hint: 'Leave "binary" out: results come as text and are parsed.' },
  )
}

function splitStatement(): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_SPLIT_STATEMENT',
    'Bind of an unnamed statement that its request did not parse was refused: it may be another client’s.',
    { outcome: 'not-executed', hazard: 'unnamed-split', hint: 'Send Parse and Bind in one request.' },
  )
}

function pipelining(): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_PIPELINING',
    'A second request was about to be sent before the first was answered, which some poolers answer to the wrong client.',
    {
      outcome: 'not-executed',
      hazard: 'sync-pipelining',
      hint: 'Await each query, or use several clients of the pool.',
    },
  )
}
