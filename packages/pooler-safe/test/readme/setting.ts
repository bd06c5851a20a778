/** What the examples of the README have around them. */
import { createDatabase } from 'pooler-safe'

export const url = process.env['DATABASE_URL'] ?? ''
export const directUrl = process.env['DIRECT_DATABASE_URL'] ?? ''
export const db = createDatabase({ url })

/** What the examples reported, in order. */
export const reported: unknown[] = []
export const report = (fact: unknown): void => {
  reported.push(fact)
}
