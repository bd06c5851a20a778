/** What went wrong in the test kit, as a stable word to branch on. */
export type TestkitErrorCode =
  | 'invalid-url'
  | 'invalid-option'
  | 'postgres-not-found'
  | 'postgres-start-failed'
  | 'pgbouncer-not-found'
  | 'pgbouncer-start-failed'
  | 'port-taken'
  | 'data-directory'
  | 'connection-failed'
  | 'protocol-violation'
  | 'authentication-failed'
  | 'server-error'
  | 'audit-failed'
  | 'violations-found'
  | 'stopped'

export interface TestkitErrorOptions extends ErrorOptions {
  /** What to do about it, in one sentence. */
  readonly hint?: string
}

/** The error class of the test kit: `code` is stable, `hint` says what to do, `cause` is what was underneath. */
export class TestkitError extends Error {
  readonly code: TestkitErrorCode
  readonly hint: string | undefined

  constructor(code: TestkitErrorCode, message: string, options: TestkitErrorOptions = {}) {
    const { hint, ...rest } = options
    super(hint === undefined ? message : `${message}\n${hint}`, rest)
    this.name = 'TestkitError'
    this.code = code
    this.hint = hint
  }
}
