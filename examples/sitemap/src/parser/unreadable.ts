/** Why the rest of a file was not read. */
export type UnreadableCode = 'not_sitemap' | 'truncated' | 'too_large' | 'malformed'

/** Ends the reading of one file. What was read before it stays. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
  readonly code: UnreadableCode

  constructor(code: UnreadableCode, message: string) {
    super(message)
    this.code = code
  }
}
