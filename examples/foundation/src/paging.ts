import { isId } from './identifiers.ts'

/** Where a page begins and how long it is. */
export interface PageRequest<Key = string> {
  /** Default 50, at most 500. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly after?: Key | undefined
}

/** A part of a list. New rows never make an older one appear twice or not at all. */
export interface Page<Item, Key = string> {
  readonly items: readonly Item[]
  /** Pass it as `after` for the next page; undefined on the last one. */
  readonly next: Key | undefined
}

/** Makes the error of a service for input that cannot be used. */
type Refuse = (message: string) => Error

function readLimit(limit: number, refuse: Refuse): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 500) return limit
  throw refuse('limit is not a whole number from 1 to 500.')
}

/** Reads what page of a list in the order of its ids is wanted. Throws what `refuse` makes. */
export function readPage(
  { limit = 50, after }: PageRequest,
  refuse: Refuse,
): { readonly limit: number; readonly after: string | undefined } {
  const length = readLimit(limit, refuse)
  if (after !== undefined && !isId(after)) throw refuse('`after` is not what a page returned as `next`.')
  return { limit: length, after }
}

/** The same of a list in the order of a number that begins with 1. */
export function readNumberedPage(
  { limit = 50, after = 0 }: PageRequest<number>,
  refuse: Refuse,
): { readonly limit: number; readonly after: number } {
  const length = readLimit(limit, refuse)
  if (!Number.isSafeInteger(after) || after < 0 || after > 2 ** 31 - 1) {
    throw refuse('`after` is not what a page returned as `next`.')
  }
  return { limit: length, after }
}

/** Makes a page of rows that were read one more than wanted. */
export function pageOf<Item, Key>(rows: readonly Item[], limit: number, key: (item: Item) => Key): Page<Item, Key> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? key(last) : undefined }
}

/** The same of rows in the order of their ids. */
export function pageById<Item extends { readonly id: string }>(rows: readonly Item[], limit: number): Page<Item> {
  return pageOf(rows, limit, ({ id }) => id)
}
