import type { Pooler } from '../pooler/start-pooler.ts'
import type { RecordingFilter } from '../recording/recording.ts'
import { renderPretty } from '../report/pretty.ts'
import { isFailing, type PoolerReport } from '../report/report.ts'
import { TestkitError } from '../testkit-error.ts'

export interface AssertCleanOptions {
  /** The mildest severity that fails. Default `perf`: everything does. */
  readonly failOn?: PoolerReport['hazards'][number]['severity']
}

/**
 * Rejects with `violations-found` and a readable report when a client of the pooler did something that breaks behind a
 * transaction-mode pooler. Waits until every transaction that has ended is judged.
 */
export async function assertClean(pooler: Pooler, options: AssertCleanOptions = {}): Promise<void> {
  await pooler.settle()
  const report = pooler.report()
  if (!isFailing(report, options.failOn)) return
  throw new TestkitError(
    'violations-found',
    `Clients broke the rules of a transaction-mode pooler.\n\n${renderPretty(report)}`,
  )
}

/** The backends that ran the matching transactions, in order: more than one means that nothing relied on a session. */
export function recordedBackends(pooler: Pooler, filter: RecordingFilter = {}): number[] {
  return pooler.recording.transactions(filter).map(({ backendPid }) => backendPid)
}
