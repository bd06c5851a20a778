import { PermanentJobError, type JobHandlers, type RunContext } from '@pooler-safe/example-job-service'
import { BatchError } from '../errors.ts'
import type { PageClient } from '../http.ts'
import { processJob, webhookJob } from '../jobs.ts'
import type { BatchProcessor } from '../service/batch-processor.ts'
import { sendWebhook, webhookKey } from '../webhook.ts'
import type { BatchRunOptions } from './process-batch.ts'

export interface BatchHandlersOptions {
  readonly processor: BatchProcessor
  /** Sends webhooks. */
  readonly http: PageClient
  /** What the keys of the tenants are derived from; without it no webhook is sent, and its job fails. */
  readonly webhookSecret?: string | undefined
  readonly tuning?: Pick<BatchRunOptions, 'leaseMs' | 'lookMs' | 'abandonMs' | 'longestRunMs'>
}

/** What a worker runs for the job types of the batch processor. */
export function batchHandlers({ processor, http, webhookSecret, tuning }: BatchHandlersOptions): JobHandlers {
  return {
    [processJob]: async ({ job, signal, progress }: RunContext) => {
      const { batchId } = job.payload as { batchId: string }
      const options = { ...tuning, jobId: job.id, signal, progress }
      return gone(() => processor.processBatchWithOwnSession(job.tenantId, batchId, options))
    },
    [webhookJob]: async ({ job, signal, session }: RunContext) => {
      const { batchId, round } = job.payload as { batchId: string; round: number }
      const status = await gone(() => processor.getBatchStatus(session, job.tenantId, batchId, { limit: 1 }))
      if (status.webhookUrl === null || status.round !== round) return { sent: false }
      if (webhookSecret === undefined) {
        throw new PermanentJobError('WEBHOOK_SECRET_MISSING', 'This worker has no secret to sign webhooks with.')
      }
      const key = webhookKey(webhookSecret, job.tenantId)
      return { sent: true, status: await sendWebhook(http, key, status, round, signal) }
    },
  }
}

/** A batch that was deleted will not come back. */
async function gone<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof BatchError) || error.code !== 'BATCH_NOT_FOUND') throw error
    throw new PermanentJobError(error.code, error.message, { cause: error })
  }
}
