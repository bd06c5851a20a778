import { createHash } from 'node:crypto'

/** What a URL is known by: as long for a URL of 8,000 characters as for one of 20. */
export function urlHash(url: string): Buffer {
  return createHash('sha256').update(url).digest()
}
