import { explain, wait, type Logger } from '@pooler-safe/example-foundation'
import type { BatchProcessor } from '../service/batch-processor.ts'

/** Looks again and again for batches that no job works on, and makes one for each, until the signal fires. */
export async function recoverUnworkedBatches(
  processor: BatchProcessor,
  { everyMs, logger, signal }: { readonly everyMs: number; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  while (await wait(everyMs * (0.75 + Math.random() / 2), signal)) {
    try {
      const recovered = await processor.recoverUnworkedWithOwnSession()
      if (recovered > 0) logger.warn(`made jobs for ${recovered} batches that nobody worked on`)
    } catch (error) {
      logger.warn({ err: error }, `looking for batches without a job failed: ${explain(error)}`)
    }
  }
}
