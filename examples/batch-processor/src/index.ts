export {
  batchStates,
  itemStates,
  type Batch,
  type BatchFilter,
  type BatchItem,
  type BatchLimits,
  type BatchProgress,
  type BatchState,
  type BatchStatus,
  type ErrorClass,
  type ItemCounts,
  type ItemFilter,
  type ItemState,
  type LineCounts,
  type RejectedLine,
} from './batch.ts'
export { BatchError, batchErrorCodes, type BatchErrorCode } from './errors.ts'
export { runBatchCommand, type BatchCommandOptions } from './commands/run-batch-command.ts'
export { batchVariables } from './commands/variables.ts'
export { exportFormats, type ExportFormat } from './export/export-batch.ts'
export { homePageProcessor, type HomePage } from './home-page.ts'
export type { PageClient, PageResponse } from './http.ts'
export { csvLines, type CsvOptions } from './input/csv.ts'
export type { InputLine } from './input/lines.ts'
export { streamedTextLines } from './input/streamed-text.ts'
export { batchJobTypes } from './jobs.ts'
export { migrateBatchProcessor, migrateCommand, requireBatchTables } from './migrate.ts'
export type { NewBatch } from './options.ts'
export type { ItemProcessor, ItemProcessors, ItemToProcess, ProcessContext } from './processor.ts'
export { BatchProcessor, type BatchProcessorOptions } from './service/batch-processor.ts'
export type { DomainInput, InitiatedBatch, InputReport } from './service/make-batch.ts'
export { verifyWebhook, webhookKey } from './webhook.ts'
export { processorsWith, startBatchWorker, type BatchWorker, type BatchWorkerOptions } from './worker/batch-worker.ts'
export { batchHandlers, type BatchHandlersOptions } from './worker/handlers.ts'
export type { BatchRunOptions, BatchRunResult } from './worker/process-batch.ts'
export { recoverUnworkedBatches } from './worker/recover-unworked.ts'
