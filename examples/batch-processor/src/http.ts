import type { ServiceErrorDetails } from '@pooler-safe/example-foundation'
import { ServiceError } from '@pooler-safe/example-foundation'

/** The part of the foundation's HTTP client that is used here. */
export interface PageClient {
  fetch(
    url: string,
    options?: {
      readonly signal?: AbortSignal
      readonly timeoutMs?: number
      readonly maxBytes?: number
      readonly accept?: string
      readonly robots?: 'obey' | 'ignore'
      readonly method?: 'GET' | 'HEAD' | 'POST'
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    },
  ): Promise<PageResponse>
}

export interface PageResponse extends AsyncDisposable {
  /** After redirects. */
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly elapsedMs: number
  text(): Promise<string>
}

/** An answer that is no use; the words are those of the HTTP client. */
export class PageError extends ServiceError {
  override readonly name = 'PageError'
  readonly retryable: boolean

  constructor(code: 'not_html', message: string, details: ServiceErrorDetails = {}) {
    super(code, message, details)
    this.retryable = false
  }
}
