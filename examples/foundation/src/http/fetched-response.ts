import type { Readable } from 'node:stream'
import { ServiceError } from '../service-error.ts'
import { decodeText } from './decode-text.ts'
import { limitedBody, tooLarge } from './limited-body.ts'

/** An answer. Read its body or dispose of it: until then it keeps a place at its host. */
export interface FetchedResponse extends AsyncDisposable {
  /** Where the answer came from, after redirects. */
  readonly url: string
  /** The URLs that redirected, in order. */
  readonly redirects: readonly string[]
  /** 304 is an answer like others. */
  readonly status: number
  readonly headers: Headers
  /**
   * Decompressed, and no more of it than `maxBytes`. Can be read once.
   *
   * @throws FetchError too_large, parse, timeout, connect; ServiceError BODY_USED the second time
   */
  readonly body: AsyncIterable<Uint8Array>
  /** From the first request to the headers of this answer. */
  readonly elapsedMs: number
  bytes(): Promise<Uint8Array>
  /** By the charset of the byte order mark, of `Content-Type`, or of the text itself. */
  text(): Promise<string>
}

export interface ResponseParts extends Pick<FetchedResponse, 'url' | 'redirects' | 'status' | 'headers' | 'elapsedMs'> {
  readonly source: Readable
  readonly maxBytes: number
  /** False after HEAD, and for 204 and 304. */
  readonly hasBody: boolean
  /** Fires when the request ends for a reason other than the body's. */
  readonly signal: AbortSignal
  /** Gives the place at the host back. Called once. */
  readonly onEnd: () => void
}

export class HttpResponse implements FetchedResponse {
  readonly url: string
  readonly redirects: readonly string[]
  readonly status: number
  readonly headers: Headers
  readonly elapsedMs: number
  readonly body: AsyncIterable<Uint8Array>
  readonly #parts: ResponseParts
  #isOpened = false
  #hasEnded = false

  constructor(parts: ResponseParts) {
    this.#parts = parts
    this.url = parts.url
    this.redirects = parts.redirects
    this.status = parts.status
    this.headers = parts.headers
    this.elapsedMs = parts.elapsedMs
    this.body = { [Symbol.asyncIterator]: () => this.#open() }
    parts.signal.addEventListener('abort', this.#end, { once: true })
    if (!parts.hasBody) this.#end()
  }

  #open(): AsyncGenerator<Uint8Array> {
    const isGone = this.#hasEnded && this.#parts.hasBody && !this.#parts.signal.aborted
    if (this.#isOpened || isGone) {
      throw new ServiceError('BODY_USED', `The body of ${this.url} was read, or disposed of.`, {
        hint: 'Read it once, and before the response is disposed of.',
      })
    }
    this.#isOpened = true
    return this.#read()
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    const { source, signal, url, headers, maxBytes, hasBody } = this.#parts
    if (!hasBody) return
    try {
      signal.throwIfAborted()
      const contentEncoding = headers.get('content-encoding') ?? ''
      if (contentEncoding === '' && Number(headers.get('content-length')) > maxBytes) throw tooLarge({ url, maxBytes })
      yield* limitedBody(source, { url, maxBytes, contentEncoding })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      this.#end()
    }
  }

  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this.body) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  async text(): Promise<string> {
    return decodeText(await this.bytes(), this.headers.get('content-type'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#end()
    return Promise.resolve()
  }

  readonly #end = (): void => {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#parts.source.destroy()
    this.#parts.signal.removeEventListener('abort', this.#end)
    this.#parts.onEnd()
  }
}
