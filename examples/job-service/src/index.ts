export {
  jobErrorCodes,
  JobServiceError,
  PermanentJobError,
  TransitionRefusedError,
  type JobErrorCode,
} from './errors.ts'
export type { Batch, Job, JobEvent, JobFilter, NewJob } from './job.ts'
export type { CheckedJobType, JobType, JobTypes } from './job-type.ts'
export { migrateCommand, migrateJobService, requireJobTables } from './migrate.ts'
export { BatchService, type CreatedBatch, type NewBatch } from './service/batch-service.ts'
export type { CreatedJob } from './service/create-jobs.ts'
export {
  JobService,
  type Failure,
  type HeldRun,
  type JobServiceOptions,
  type StatusChange,
} from './service/job-service.ts'
export type { JobActivity } from './store/activity.ts'
export type { RetentionOptions } from './service/maintenance.ts'
export {
  batchStates,
  canBecome,
  isFinal,
  jobStates,
  transitions,
  type BatchCounts,
  type BatchState,
  type FinalState,
  type JobState,
} from './state-machine.ts'
export { RunStopped, type JobHandler, type JobHandlers, type RunContext, type StopReason } from './worker/handler.ts'
export type { WorkerTuning } from './worker/options.ts'
export { runWorkerProcess, type WorkerProcessOptions } from './worker/worker-process.ts'
export { shutdownLimitMs, tuningOf, tuningVariables, workerVariables } from './worker/worker-variables.ts'
export { Worker, type WorkerOptions, type WorkerStats } from './worker/worker.ts'
