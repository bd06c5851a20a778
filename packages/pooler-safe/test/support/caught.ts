/** The error that a promise rejects with. Fails when it resolves. */
export async function caught(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('The promise resolved.')
}

/** The error that a function throws. Fails when it returns. */
export function thrown(action: () => unknown): Error & Record<string, unknown> {
  try {
    action()
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('The function returned.')
}
