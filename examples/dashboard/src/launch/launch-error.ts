/** It cannot be started as asked: one sentence, exit code 2. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError'
  readonly code = 'CANNOT_START'
}
