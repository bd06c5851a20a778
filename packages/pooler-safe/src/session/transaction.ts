import type { BatchLimits, BatchResults, BatchStatement, Session } from './session.ts'

/**
 * An open transaction, given to the callback of `transaction`.
 *
 * All its statements run on one backend, in the order they were issued. It can be used until the callback ends.
 */
export interface Transaction extends Session {
  /** 0 for the transaction itself, 1 and more for savepoints. */
  readonly depth: number

  /**
   * Runs the last statements of the transaction and COMMIT in one round trip, and ends the handle.
   *
   * Resolves only if PostgreSQL confirmed COMMIT. What the callback does afterwards is not undone any more. Only for the
   * outermost transaction.
   *
   * @throws BatchError with the phase `statement` or `commit`; the outcome is `unknown` when the answer was lost
   */
  commitWith<const S extends readonly BatchStatement[]>(statements: S, options?: BatchLimits): Promise<BatchResults<S>>
}
