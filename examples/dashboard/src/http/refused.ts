/** A request that is not answered as it was meant. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  readonly status: 403 | 404 | 413
  readonly hint: string

  constructor(status: 403 | 404 | 413, message: string, hint: string) {
    super(message)
    this.status = status
    this.hint = hint
  }
}
