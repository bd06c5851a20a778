import { isId } from '@pooler-safe/example-foundation'
import type { Page, PageRequest } from '../place.ts'
import { invalidInput } from '../errors.ts'

function readLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 500) return limit
  throw invalidInput('limit is not a whole number from 1 to 500.')
}

/** @throws PlacesError PLACES_INPUT_INVALID */
export function readIdPage({ limit = 50, after }: PageRequest<string>) {
  if (after !== undefined && !isId(after)) throw invalidInput('`after` is not what a page returned as `next`.')
  return { limit: readLimit(limit), after }
}

/** @throws PlacesError PLACES_INPUT_INVALID */
export function readRankPage({ limit = 50, after = 0 }: PageRequest<number>) {
  if (!Number.isSafeInteger(after) || after < 0 || after > 2 ** 31 - 1) {
    throw invalidInput('`after` is not what a page returned as `next`.')
  }
  return { limit: readLimit(limit), after }
}

/** Makes a page of rows that were read one more than wanted. */
export function pageOf<Item, Key>(rows: readonly Item[], limit: number, key: (item: Item) => Key): Page<Item, Key> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? key(last) : undefined }
}
