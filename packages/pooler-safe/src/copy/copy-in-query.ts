import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ConnectionInternals } from '../client/pg-internals.ts'
import { attachFacts } from '../errors/facts.ts'
import { toError } from '../errors/to-error.ts'
import { invalidStatement } from '../session/read-statement.ts'
import { CopyQuery, type CopyConnection } from './copy-query.ts'

/** Where the bytes of `copyFrom` come from: a readable stream, or anything else that yields text or bytes. */
export type CopySource = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>

/** How much text is put into one message. */
const messageBytes = 65_536

/**
 * COPY FROM STDIN, fed from a source as fast as the socket takes it.
 *
 * A source that fails fails the COPY, so that nothing of it stays.
 */
export class CopyInQuery extends CopyQuery {
  readonly #source: CopySource
  /** The source belongs to the caller: it is read in the caller's async context, not in that of the transaction. */
  readonly #outside = AsyncLocalStorage.snapshot()
  /** `waiting` for the server, `open` for data, `closed` by CopyDone or CopyFail, or `over` before that. */
  #state: 'waiting' | 'open' | 'closed' | 'over' = 'waiting'
  #sourceError: Error | undefined
  #wake: (() => void) | undefined

  constructor(text: string, source: CopySource) {
    super(text)
    this.#source = source
  }

  /** How many rows the server took. */
  get copied(): number {
    return Number((this._result as { rowCount?: unknown }).rowCount ?? 0)
  }

  override get ownError(): Error | undefined {
    return this.#sourceError
  }

  override get isOutOfStep(): boolean {
    return this.#state === 'over'
  }

  handleCopyInResponse(connection: ConnectionInternals): void {
    if (this.#state !== 'waiting') return
    this.#state = 'open'
    // Cancelled before the server was ready to take data.
    if (this.interruption) {
      this.halt(connection)
      return
    }
    void this.#outside(() => this.#pump(connection as CopyConnection))
  }

  override fail(error: unknown, connection: ConnectionInternals): void {
    this.#endSource()
    super.fail(error, connection)
  }

  override handleError(error: unknown, connection: ConnectionInternals): void {
    this.#endSource()
    super.handleError(error, connection)
  }

  /** The server does not look for a CancelRequest while it waits for data. */
  override halt(connection: ConnectionInternals): void {
    if (this.#state !== 'open') return
    this.#close()
    ;(connection as CopyConnection).sendCopyFail('cancelled')
  }

  async #pump(connection: CopyConnection): Promise<void> {
    try {
      for await (const chunk of gathered(this.#source)) {
        if (this.#state !== 'open') return
        connection.sendCopyFromChunk(chunk)
        if (connection.stream.writableNeedDrain) await this.#drained(connection)
        // A source that is not asynchronous would keep the answer of the server from being read.
        else await nextTurn()
      }
      if (this.#state !== 'open') return
      this.#close()
      connection.endCopyFrom()
    } catch (error) {
      if (this.#state !== 'open') return
      this.#close()
      this.#sourceError = toError(error)
      attachFacts(this.#sourceError, { outcome: 'not-executed' })
      connection.sendCopyFail('the source of the data failed')
    }
  }

  #drained({ stream }: CopyConnection): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        stream.off('drain', go)
        this.#wake = undefined
        resolve()
      }
      this.#wake = go
      stream.once('drain', go)
    })
  }

  #close(): void {
    this.#state = 'closed'
    this.#wake?.()
  }

  /** The server has had enough of data that was still on its way. */
  #endSource(): void {
    if (this.#state === 'open') this.#state = 'over'
    this.#wake?.()
  }
}

/** A message for every line would be most of the work. */
async function* gathered(source: CopySource): AsyncGenerator<Buffer, undefined> {
  let chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of source) {
    const buffer = toBuffer(chunk)
    chunks.push(buffer)
    bytes += buffer.length
    if (bytes < messageBytes) continue
    yield Buffer.concat(chunks, bytes)
    chunks = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(chunks, bytes)
}

function toBuffer(chunk: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw invalidStatement('The source of copyFrom yields strings or bytes.')
}

/** @throws PoolerSafeError POOLER_SAFE_INVALID_QUERY */
export function checkSource(source: unknown): void {
  const iterable = source as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined
  const iterates =
    typeof iterable?.[Symbol.asyncIterator] === 'function' || typeof iterable?.[Symbol.iterator] === 'function'
  if (iterates && typeof source !== 'string' && !(source instanceof Uint8Array)) return
  throw invalidStatement('The source of copyFrom is a readable stream, or an iterable of strings or bytes.')
}
