import { FetchError } from './fetch-error.ts'
import type { FetchedResponse } from './fetched-response.ts'
import { retryAfterMs } from './retry-after.ts'

type Answered = Pick<FetchedResponse, 'url' | 'status' | 'headers'>

/** The error of a status, if it is one: the site refuses us, has not got it, or cannot answer. */
export function statusError({ url, status, headers }: Answered): FetchError | undefined {
  const waitMs = retryAfterMs(headers.get('retry-after'))
  const details = { url, status, retryAfterMs: waitMs }
  if ([403, 429, 451].includes(status) || headers.get('cf-mitigated') === 'challenge') {
    const retryable = status === 429 || waitMs !== undefined
    return new FetchError('blocked', `${url} refuses us: ${status}.`, { ...details, retryable })
  }
  if (status >= 500) {
    return new FetchError('http_5xx', `${url} answered ${status}.`, {
      ...details,
      retryable: ![501, 505].includes(status),
    })
  }
  if (status >= 400) {
    return new FetchError('http_4xx', `${url} answered ${status}.`, {
      ...details,
      retryable: [408, 425].includes(status),
    })
  }
  if (status >= 300 && status !== 304) {
    return new FetchError('parse', `${url} answered ${status} without a place to go.`, details)
  }
  return undefined
}

/** An answer of another type, when HTML and not everything was asked for. */
export function typeError({ url, status, headers }: Answered, accept: string | undefined): FetchError | undefined {
  const wantsHtml = accept !== undefined && accept.includes('text/html') && !accept.includes('*/*')
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (!wantsHtml || status === 304 || type === '' || ['text/html', 'application/xhtml+xml'].includes(type))
    return undefined
  return new FetchError('not_html', `${url} is ${type.slice(0, 80)}, not HTML.`, { url, status })
}
