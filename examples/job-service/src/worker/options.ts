import { invalidInput } from '../errors.ts'
import { checkWhole } from '../job-type.ts'

/** How a worker works. All times in milliseconds. */
export interface WorkerTuning {
  /** Runs at the same time. Default 10. */
  readonly concurrency?: number | undefined
  /** Pause between two looks into empty queues. Default 500. */
  readonly pollMs?: number | undefined
  /** How long a run keeps its job when nothing is heard of its worker. Default 30,000. */
  readonly leaseMs?: number | undefined
  /** Pause between two signs of life; cancelling takes as long. Default 1,000, at most a third of the lease. */
  readonly beatMs?: number | undefined
  /** Pause between two looks for lost runs. Default 5,000. */
  readonly recoverMs?: number | undefined
  /** How long runs may go on when the worker is to stop; then they are handed back. Default 10,000. */
  readonly graceMs?: number | undefined
  /** How long a handler may go on after its signal fired; then it is abandoned. Default 5,000. */
  readonly abandonMs?: number | undefined
  /** Jobs that ended longer ago are deleted. Default: none are. */
  readonly keepFinishedMs?: number | undefined
}

export type CheckedTuning = Readonly<Record<keyof typeof limits, number>> & Pick<WorkerTuning, 'keepFinishedMs'>

const limits = {
  concurrency: [10, 1, 10_000],
  pollMs: [500, 5, 60_000],
  leaseMs: [30_000, 300, 3_600_000],
  beatMs: [1_000, 20, 600_000],
  recoverMs: [5_000, 20, 3_600_000],
  graceMs: [10_000, 0, 3_600_000],
  abandonMs: [5_000, 0, 3_600_000],
} as const

/** @throws JobServiceError JOB_INPUT_INVALID */
export function checkTuning(tuning: WorkerTuning): CheckedTuning {
  for (const key of Object.keys(tuning)) {
    if (!Object.hasOwn(limits, key) && key !== 'keepFinishedMs')
      throw invalidInput(`"${key}" is not an option of a worker.`)
  }
  const value = (key: keyof typeof limits): number => {
    const [usual, min, max] = limits[key]
    return checkWhole(key, tuning[key] ?? usual, min, max)
  }
  const { keepFinishedMs } = tuning
  if (keepFinishedMs !== undefined) checkWhole('keepFinishedMs', keepFinishedMs, 1, Number.MAX_SAFE_INTEGER)
  const leaseMs = value('leaseMs')
  const beatMs = tuning.beatMs === undefined ? Math.min(value('beatMs'), Math.floor(leaseMs / 3)) : value('beatMs')
  if (beatMs * 3 > leaseMs) {
    throw invalidInput('beatMs is more than a third of leaseMs: two lost beats would cost a run its job.')
  }
  return {
    concurrency: value('concurrency'),
    pollMs: value('pollMs'),
    leaseMs,
    beatMs,
    recoverMs: value('recoverMs'),
    graceMs: value('graceMs'),
    abandonMs: value('abandonMs'),
    keepFinishedMs,
  }
}
