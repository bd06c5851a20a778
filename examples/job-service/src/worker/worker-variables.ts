import { commonVariables, wholeNumber } from '@pooler-safe/example-foundation'
import type { z } from 'zod'
import type { WorkerTuning } from './options.ts'

/** The variables that tune the worker of any service. */
export const tuningVariables = {
  JOBS_CONCURRENCY: wholeNumber(1, 10_000).optional().describe('how many jobs run at the same time'),
  JOBS_POLL_MS: wholeNumber(5, 60_000).optional().describe('the pause between two looks into empty queues'),
  JOBS_LEASE_MS: wholeNumber(300, 3_600_000).optional().describe('how long a silent worker keeps its jobs'),
  JOBS_RECOVER_MS: wholeNumber(20, 3_600_000).optional().describe('the pause between two looks for lost jobs'),
  JOBS_GRACE_MS: wholeNumber(0, 3_600_000).optional().describe('how long runs may go on at shutdown'),
  JOBS_KEEP_DAYS: wholeNumber(1, 36_500).optional().describe('after how many days ended jobs are deleted'),
} as const

/** What a worker process reads from its environment. */
export const workerVariables = {
  ...commonVariables,
  ...tuningVariables,
  JOBS_POOL_MAX: wholeNumber(2, 1_000).optional().describe('client connections to the pooler at most'),
} as const

type Tuning = { readonly [Name in keyof typeof tuningVariables]?: z.infer<(typeof tuningVariables)[Name]> }

/** What was read of {@link tuningVariables}, as a worker takes it. */
export function tuningOf(read: Tuning): WorkerTuning {
  const { JOBS_KEEP_DAYS: keepDays } = read
  return {
    concurrency: read.JOBS_CONCURRENCY,
    pollMs: read.JOBS_POLL_MS,
    leaseMs: read.JOBS_LEASE_MS,
    recoverMs: read.JOBS_RECOVER_MS,
    graceMs: read.JOBS_GRACE_MS,
    keepFinishedMs: keepDays === undefined ? undefined : keepDays * 86_400_000,
  }
}

/** How long the end of a worker process may take: its runs have their time, and what is open is closed. */
export function shutdownLimitMs({ JOBS_GRACE_MS: graceMs = 10_000 }: Tuning): number {
  return graceMs + 20_000
}
