import { z } from 'zod'
import { wholeNumber } from '../configuration.ts'
import type { HttpClientOptions } from './http-client.ts'

/** The variables that set the HTTP client. Loopback is none of them: demos and tests allow it in code. */
export const httpVariables = {
  HTTP_USER_AGENT: z.string().optional().describe('who asks, such as my-crawler/1.0 (+https://example.com/bot)'),
  HTTP_PER_HOST_CONCURRENCY: wholeNumber(1, 100).optional().describe('requests under way at one host'),
  HTTP_PER_HOST_DELAY_MS: wholeNumber(0, 600_000).optional().describe('pause between two requests to one host'),
  HTTP_TIMEOUT_MS: wholeNumber(1, 3_600_000).optional().describe('time for one request with its redirects and body'),
  HTTP_MAX_BYTES: wholeNumber(1, 10_000_000_000).optional().describe('size of a body after decompression'),
} as const

/** Options of `createHttpClient` from what was read of {@link httpVariables}. */
export function httpOptions(read: {
  readonly [Name in keyof typeof httpVariables]?: z.infer<(typeof httpVariables)[Name]>
}): HttpClientOptions {
  const options = {
    userAgent: read.HTTP_USER_AGENT,
    perHostConcurrency: read.HTTP_PER_HOST_CONCURRENCY,
    perHostDelayMs: read.HTTP_PER_HOST_DELAY_MS,
    timeoutMs: read.HTTP_TIMEOUT_MS,
    maxBytes: read.HTTP_MAX_BYTES,
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
