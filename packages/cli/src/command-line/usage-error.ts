/** The command cannot be carried out as it was given. The message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** What else may help, on a line of its own. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.hint = hint
  }
}
