import { z } from '@hono/zod-openapi'
import { batchStates, jobStates } from '@pooler-safe/example-job-service'
import { anything, count, givenTime, id, orNull, someObject, text, time } from './common.ts'

export const jobState = z.enum(jobStates)

export const jobSchema = z
  .strictObject({
    id,
    publicId: text,
    type: text,
    state: jobState,
    payload: anything,
    result: anything,
    errorCode: orNull(text),
    error: orNull(text),
    progressDone: count,
    progressTotal: orNull(count),
    attempt: count,
    failures: count,
    maxAttempts: count,
    priority: z.int(),
    dedupeKey: orNull(text),
    domain: orNull(text),
    batchId: orNull(id),
    worker: orNull(text),
    cancelRequestedAt: orNull(time),
    scheduledAt: orNull(time),
    createdAt: time,
    startedAt: orNull(time),
    finishedAt: orNull(time),
    heartbeatAt: orNull(time),
  })
  .openapi('Job')

export const jobEventSchema = z
  .strictObject({
    id: count,
    jobId: id,
    at: time,
    fromState: orNull(jobState),
    toState: jobState,
    reason: text,
    worker: orNull(text),
    attempt: count,
  })
  .openapi('JobEvent')

/** What a new job is. */
export const newJobSchema = z
  .strictObject({
    type: z.string().min(1).max(63),
    payload: anything,
    dedupeKey: z.string().min(1).max(500).optional(),
    priority: z.int().min(-1_000).max(1_000).optional(),
    scheduledAt: givenTime.optional(),
    maxAttempts: z.int().min(1).max(100).optional(),
    domain: z.string().min(1).max(2_000).optional(),
    batchId: z.uuid().optional(),
  })
  .openapi('NewJob')

export const reasonSchema = z.strictObject({ reason: z.string().min(1).max(500).optional() })

export const bulkJobsSchema = z
  .strictObject({
    action: z.enum(['cancel', 'retry']),
    ids: z.array(z.uuid()).min(1).max(200),
    reason: z.string().min(1).max(500).optional(),
  })
  .openapi('BulkJobs')

export const bulkJobsResultSchema = z
  .strictObject({
    done: count,
    refused: count,
    results: z.array(
      z
        .strictObject({ id, state: orNull(jobState), code: orNull(text), detail: orNull(text) })
        .openapi('BulkJobResult'),
    ),
  })
  .openapi('BulkJobsResult')

export const jobCountsSchema = z.strictObject({ counts: z.record(jobState, count) }).openapi('JobCounts')

export const jobActivitySchema = z
  .strictObject({
    steps: z.array(z.strictObject({ at: time, succeeded: count, failed: count, cancelled: count })),
    oldestQueuedAt: orNull(time),
    medianMs: orNull(z.number()),
    p95Ms: orNull(z.number()),
    workers: z.array(z.strictObject({ worker: text, running: count, ended: count, heardAt: orNull(time) })),
    errors: z.array(z.strictObject({ errorCode: text, jobs: count })),
  })
  .openapi('JobActivity')

const batchCounts = z.strictObject({
  total: count,
  queued: count,
  running: count,
  succeeded: count,
  failed: count,
  cancelled: count,
})

export const jobBatchState = z.enum(batchStates)

export const jobBatchSchema = z
  .strictObject({
    id,
    kind: text,
    options: someObject,
    state: jobBatchState,
    sealed: z.boolean(),
    errorCode: orNull(text),
    error: orNull(text),
    createdAt: time,
    startedAt: orNull(time),
    finishedAt: orNull(time),
    counts: batchCounts,
  })
  .openapi('JobBatch')

export const newJobBatchSchema = z
  .strictObject({
    kind: z.string().min(1).max(100),
    options: z.record(z.string(), z.unknown()).optional(),
    jobs: z
      .array(newJobSchema.omit({ batchId: true }))
      .max(10_000)
      .optional()
      .openapi({ description: 'With them the batch takes no others; without, it takes jobs until it is completed.' }),
  })
  .openapi('NewJobBatch')

export { batchCounts }
