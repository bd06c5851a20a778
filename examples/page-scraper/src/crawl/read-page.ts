import { extractPage, type PageExtraction } from '../extract/extract-page.ts'
import type { FetchErrorCode } from '@pooler-safe/example-foundation'
import { fetchFailure, type PageFetcher } from '../http-client.ts'

/** Why a page could not be read. */
export interface PageFailure {
  readonly code: FetchErrorCode
  readonly message: string
  /** Whether it may be read another time. */
  readonly retryable: boolean
}

/** One page that was asked for: what was read, or why nothing was. */
export type ReadPage = {
  /** Where it came from; where it was asked for, when it failed. */
  readonly url: string
  readonly status: number | undefined
  readonly bytes: number | undefined
  readonly ms: number
} & (
  | { readonly extraction: PageExtraction; readonly failure?: undefined }
  | { readonly extraction?: undefined; readonly failure: PageFailure }
)

const accept = 'text/html,application/xhtml+xml'
const maxBytes = 4 * 1024 * 1024
const htmlType = /^\s*(text\/html|application\/xhtml\+xml)\b/i

/**
 * Asks for one page. What goes wrong with it is part of the result: a failure has no metadata.
 *
 * @throws the reason of the signal when it fires
 */
export async function readPage(http: PageFetcher, url: string, signal: AbortSignal): Promise<ReadPage> {
  const started = performance.now()
  const elapsed = (): number => Math.round(performance.now() - started)
  try {
    await using response = await http.fetch(url, { signal, accept, maxBytes })
    const { status, headers } = response
    const type = headers.get('content-type')
    const failed = (code: FetchErrorCode, message: string, bytes?: number): ReadPage => {
      return { url, status, bytes, ms: elapsed(), failure: { code, message, retryable: false } }
    }
    if (type !== null && !htmlType.test(type)) return failed('not_html', `${url} is ${type.slice(0, 80)}, not HTML.`)
    const bytes = await response.bytes()
    const extraction = extractPage({ url: response.url, headers, bytes })
    if (extraction.judgement.verdict === 'blocked') {
      const { reasons } = extraction.judgement
      return failed('blocked', `${url} wants to know whether we are people (${reasons.join('; ')}).`, bytes.byteLength)
    }
    return { url: response.url, status, bytes: bytes.byteLength, ms: elapsed(), extraction }
  } catch (error) {
    signal.throwIfAborted()
    const failure = fetchFailure(error)
    if (!failure) throw error
    const { status } = error as { status?: unknown }
    return { url, status: typeof status === 'number' ? status : undefined, bytes: undefined, ms: elapsed(), failure }
  }
}
