import type { TenantId } from '@pooler-safe/example-foundation'
import type { JobService } from '@pooler-safe/example-job-service'
import type { Transaction } from 'pooler-safe'
import type { Batch } from '../batch.ts'
import { webhookJob } from '../jobs.ts'

/** Makes the job that tells the webhook of a batch that it has ended, in the transaction in which it ends. */
export async function announceEnd(
  tx: Transaction,
  jobs: JobService,
  tenant: TenantId,
  { id, round, webhookUrl }: Batch,
): Promise<void> {
  if (webhookUrl === null) return
  await jobs.createJob(tx, tenant, {
    type: webhookJob,
    payload: { batchId: id, round },
    dedupeKey: `webhook ${id} ${round}`,
  })
}
