import { isId } from '@pooler-safe/example-foundation'
import { invalidInput } from '../errors.ts'
import type { Page, PageRequest } from '../job.ts'
import { checkWhole } from '../job-type.ts'

/** Sorts before every UUID. */
export const beforeAllIds = '00000000-0000-0000-0000-000000000000'

/** @throws JobServiceError JOB_INPUT_INVALID */
export function readPage({ limit = 50, after }: PageRequest): { readonly limit: number; readonly after?: string } {
  checkWhole('limit', limit, 1, 500)
  if (after === undefined) return { limit }
  if (!isId(after)) throw invalidInput('`after` is not what a page returned as `next`.')
  return { limit, after }
}

/** Makes a page of rows that were read one more than wanted. */
export function pageOf<Item extends { readonly id: string }>(rows: Item[], limit: number): Page<Item> {
  const items = rows.slice(0, limit)
  return { items, next: rows.length > limit ? items.at(-1)?.id : undefined }
}
