import { isId } from '@pooler-safe/example-foundation'
import type { Page, PageRequest } from '@pooler-safe/example-job-service'
import { invalidInput } from './errors.ts'

/** @throws SitemapServiceError SITEMAP_INPUT_INVALID */
export function readPage({ limit = 50, after }: PageRequest): {
  readonly limit: number
  readonly after: string | undefined
} {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 500) {
    throw invalidInput('limit is not a whole number from 1 to 500.')
  }
  if (after !== undefined && !isId(after)) throw invalidInput('`after` is not what a page returned as `next`.')
  return { limit, after }
}

/** Makes a page of rows that were read one more than wanted. */
export function pageOf<Item extends { readonly id: string }>(rows: Item[], limit: number): Page<Item> {
  const items = rows.slice(0, limit)
  return { items, next: rows.length > limit ? items.at(-1)?.id : undefined }
}
