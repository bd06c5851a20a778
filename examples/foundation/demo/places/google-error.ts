/** An error in the form that Google's interfaces give errors. */
export class GoogleError extends Error {
  override readonly name = 'GoogleError'
  readonly httpStatus: number
  readonly status: string
  readonly reason: string | undefined

  constructor(httpStatus: number, status: string, message: string, reason?: string) {
    super(message)
    this.httpStatus = httpStatus
    this.status = status
    this.reason = reason
  }

  toJSON(): object {
    const { httpStatus: code, message, status, reason } = this
    const details = [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason,
        domain: 'googleapis.com',
        metadata: { service: 'places.googleapis.com' },
      },
    ]
    return { error: { code, message, status, ...(reason === undefined ? {} : { details }) } }
  }
}
