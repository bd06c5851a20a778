import { z } from '@hono/zod-openapi'
import { batchStates, itemStates } from '@pooler-safe/example-batch-processor'
import { anything, count, id, orNull, pageOfSchema, someObject, text, time } from './common.ts'
import { batchCounts } from './jobs.ts'

export const batchState = z.enum(batchStates)
export const itemState = z.enum(itemStates)
const lineCounts = { kept: count, invalid: count, duplicate: count }

const batchShape = {
  id,
  kind: text,
  name: orNull(text),
  options: someObject,
  state: batchState,
  counts: batchCounts,
  lines: z.strictObject(lineCounts),
  sealed: z.boolean(),
  round: count,
  jobId: orNull(id),
  webhookUrl: orNull(text),
  maxConcurrent: count,
  maxPerDomain: count,
  itemTimeoutMs: count,
  maxAttempts: count,
  retryDelayMs: count,
  createdAt: time,
  startedAt: orNull(time),
  finishedAt: orNull(time),
  pausedAt: orNull(time),
  cancelRequestedAt: orNull(time),
}

const progressShape = {
  id,
  state: batchState,
  counts: batchCounts,
  progress: z.number().min(0).max(1),
  elapsedMs: orNull(count),
  itemsPerSecond: orNull(z.number()),
  etaMs: orNull(count),
}

export const batchSchema = z.strictObject(batchShape).openapi('Batch')
export const batchProgressSchema = z.strictObject(progressShape).openapi('BatchProgress')

export const batchItemSchema = z
  .strictObject({
    ordinal: count,
    input: text,
    host: text,
    domain: text,
    state: itemState,
    attempts: count,
    failures: count,
    result: anything,
    errorCode: orNull(text),
    error: orNull(text),
    jobId: orNull(id),
    startedAt: orNull(time),
    finishedAt: orNull(time),
  })
  .openapi('BatchItem')

export const batchStatusSchema = z
  .strictObject({
    ...batchShape,
    ...progressShape,
    topErrors: z.array(z.strictObject({ errorCode: text, items: count })),
    items: pageOfSchema(batchItemSchema),
  })
  .openapi('BatchStatus')

export const rejectedLineSchema = z
  .strictObject({ line: count, input: text, verdict: z.enum(['invalid', 'duplicate']), reason: text })
  .openapi('RejectedLine')

export const initiatedBatchSchema = z
  .strictObject({
    batch: batchSchema,
    report: z.strictObject({ ...lineCounts, rejected: z.array(rejectedLineSchema) }),
    created: z.boolean(),
  })
  .openapi('InitiatedBatch')

const options = {
  kind: z.string().min(1).max(100).optional(),
  name: z.string().min(1).max(200).optional(),
  maxConcurrent: z.int().min(1).max(1_000).optional(),
  maxPerDomain: z.int().min(1).max(1_000).optional(),
  itemTimeoutMs: z.int().min(1).max(3_600_000).optional(),
  maxAttempts: z.int().min(1).max(100).optional(),
  retryDelayMs: z.int().min(0).max(86_400_000).optional(),
  webhookUrl: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional(),
}

export const newBatchSchema = z
  .strictObject({
    ...options,
    domains: z
      .union([
        z.string().min(1),
        z
          .array(z.union([z.string(), z.record(z.string(), z.unknown())]))
          .min(1)
          .max(200_000),
      ])
      .openapi({ description: 'A text with a site in each line, or a list of texts or of objects with a domain.' }),
    options: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('NewBatch')

export const retryItemsSchema = z.strictObject({ errorCode: z.string().min(1).max(100).optional() })
