/** An error with the fields that pooler-safe and pg give theirs. */
export interface Caught extends Error {
  readonly code?: string
  readonly hazard?: string
  readonly hint?: string
  readonly outcome?: string
  readonly position?: { readonly start: number; readonly end: number }
}

/** The error that a promise rejects with. Fails when it resolves. */
export async function caught(promise: Promise<unknown>): Promise<Caught> {
  try {
    await promise
  } catch (error) {
    return error as Caught
  }
  throw new Error('The promise resolved.')
}

/** The error that a function throws. Fails when it returns. */
export function thrown(action: () => unknown): Caught {
  try {
    action()
  } catch (error) {
    return error as Caught
  }
  throw new Error('The function returned.')
}
