import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { openCommandDemo, openCommandEndpoint } from '@pooler-safe/example-foundation/command'
import {
  createHttpClient,
  createLogger,
  ensureTenant,
  explain,
  formatMs,
  onShutdown,
  openDatabase,
  readConfiguration,
  wait,
  type Logger,
  type HttpClient,
  type Shutdown,
  type TenantId,
} from '@pooler-safe/example-foundation'
import { JobService } from '@pooler-safe/example-job-service'
import type { Database } from 'pooler-safe'
import type { BatchProgress } from '../batch.ts'
import { csvLines } from '../input/csv.ts'
import { streamedTextLines } from '../input/streamed-text.ts'
import { batchJobTypes } from '../jobs.ts'
import { BatchProcessor } from '../service/batch-processor.ts'
import type { InitiatedBatch } from '../service/make-batch.ts'
import type { ItemProcessors } from '../processor.ts'
import { processorsWith, startBatchWorker } from '../worker/batch-worker.ts'
import { help, readCommand, UsageError, type Command } from './command-line.ts'
import { demoLines } from './demo-lines.ts'
import { batchVariables } from './variables.ts'

type Run = Extract<Command, { readonly action: 'run' }>

const say = (line: string): void => void process.stderr.write(`${line}\n`)

export interface BatchCommandOptions {
  /** Makes or updates the tables that the kinds of items need, on the direct URL. */
  readonly migrate: (directUrl: string, logger: Logger) => Promise<unknown>
  /** Kinds of items besides `home-page`. */
  readonly processors: (http: HttpClient) => ItemProcessors
}

/**
 * `pnpm batch file.csv`: makes a batch of the sites in a file and works on it; see `--help`. Resolves to the exit code; what went
 * wrong is a line on standard error.
 */
export async function runBatchCommand(args: readonly string[], options: BatchCommandOptions): Promise<number> {
  try {
    return await main(args, options)
  } catch (error) {
    say(`batch: ${explain(error)}`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function main(args: readonly string[], { migrate, processors }: BatchCommandOptions): Promise<number> {
  const command = readCommand(args)
  if (command.action === 'help') {
    process.stdout.write(help)
    return 0
  }
  const { demo } = command
  const configuration = readConfiguration({
    shape: { ...batchVariables, DATABASE_URL: batchVariables.DATABASE_URL.optional() },
    prefix: 'BATCH_',
  })
  const logger = createLogger({ name: 'batch', level: configuration.LOG_LEVEL })
  const shutdown = onShutdown({ logger })
  try {
    const stack = new AsyncDisposableStack()
    shutdown.add('closing what was opened for the command', () => stack.disposeAsync())
    const endpoint = await openCommandEndpoint(stack, { demo, say })
    if (endpoint.directUrl !== undefined) await migrate(endpoint.directUrl, logger)
    const database = openDatabase({
      url: endpoint.url,
      applicationName: 'batch',
      max: configuration.BATCH_POOL_MAX,
      wireGuard: true,
      logger,
    })
    shutdown.add('closing the database', () => database.close())
    const userAgent = configuration.BATCH_USER_AGENT
    const http = demo
      ? (await openCommandDemo(stack, logger)).http
      : stack.use(createHttpClient({ logger, ...(userAgent !== undefined && { userAgent }) }))
    const kinds = processorsWith(http, processors(http))
    const isRun = command.action === 'run' && !command.detach
    if (!isRun) {
      const jobs = await JobService.open({ database, types: batchJobTypes, logger })
      shutdown.add('closing the queue', () => jobs.close())
      const batches = await BatchProcessor.open({ database, jobs, processors: kinds, logger })
      const tenant = await ensureTenant(database, configuration.BATCH_TENANT)
      return command.action === 'run'
        ? await initiate(batches, database, tenant, command)
        : await act(batches, database, tenant, command)
    }
    const webhookSecret = configuration.BATCH_WEBHOOK_SECRET
    const tuning = { pollMs: 100, graceMs: 0 }
    const worker = await startBatchWorker({ database, http, logger, webhookSecret, processors: kinds, ...tuning })
    shutdown.add('stopping the worker', () => worker.stop())
    const tenant = await ensureTenant(database, configuration.BATCH_TENANT)
    return await run(worker.processor, database, tenant, command, shutdown)
  } finally {
    await shutdown.end('done')
  }
}

async function run(
  batches: BatchProcessor,
  database: Database,
  tenant: TenantId,
  command: Run,
  { signal }: Shutdown,
): Promise<number> {
  const { batch } = await made(batches, database, tenant, command)
  let shown = ''
  for (;;) {
    const progress = await batches.getBatchProgress(database, tenant, batch.id)
    const line = progressLine(progress)
    if (line !== shown) say(line)
    shown = line
    if (!['queued', 'running', 'paused'].includes(progress.state)) return progress.state === 'succeeded' ? 0 : 1
    if (await wait(500, signal)) continue
    say(`Handed back. pnpm worker goes on with it; pnpm batch status ${batch.id} shows how it stands.`)
    return 130
  }
}

async function initiate(batches: BatchProcessor, database: Database, tenant: TenantId, command: Run): Promise<number> {
  const { batch } = await made(batches, database, tenant, command)
  process.stdout.write(`${batch.id}\n`)
  return 0
}

async function made(
  batches: BatchProcessor,
  database: Database,
  tenant: TenantId,
  command: Run,
): Promise<InitiatedBatch> {
  const initiated = await fromFile(batches, database, tenant, command)
  const { batch, report, created } = initiated
  say(`Batch ${batch.id}${created ? '' : ' (made before)'}: ${report.kept} sites.`)
  if (report.invalid > 0) say(`${report.invalid} lines name no site; pnpm batch rejects ${batch.id} lists them.`)
  if (report.duplicate > 0) say(`${report.duplicate} lines name a site a second time.`)
  for (const { line, reason } of report.rejected.slice(0, 10)) say(`  line ${line}: ${reason}`)
  return initiated
}

async function fromFile(
  batches: BatchProcessor,
  database: Database,
  tenant: TenantId,
  { file: given, input, column, batch }: Run,
): Promise<InitiatedBatch> {
  if (given === undefined) return batches.initiateBatchProcessing(database, tenant, demoLines, batch)
  // pnpm runs the command in the folder of the package.
  const file = given === '-' ? given : resolve(process.env['INIT_CWD'] ?? '.', given)
  if (input === 'json') {
    const text = file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8')
    return batches.initiateBatchProcessing(database, tenant, text.trimStart(), batch)
  }
  // A file that is not there is told before a batch is made.
  if (file !== '-') await (await open(file)).close()
  const bytes = file === '-' ? process.stdin : createReadStream(file)
  const lines = input === 'csv' ? csvLines(bytes, { column }) : streamedTextLines(bytes)
  return batches.importBatchWithOwnSession(tenant, lines, batch)
}

async function act(
  batches: BatchProcessor,
  database: Database,
  tenant: TenantId,
  { action, id, format }: Exclude<Command, Run | { readonly action: 'help' }>,
): Promise<number> {
  const print = (text: string): void => void process.stdout.write(text)
  switch (action) {
    case 'list':
      for (const batch of (await batches.listBatches(database, tenant)).items) {
        const { total, succeeded, failed } = batch.counts
        const when = batch.createdAt.toISOString()
        print(
          `${batch.id}  ${when}  ${batch.state.padEnd(9)}  ${succeeded} + ${failed} failed of ${total}  ${batch.name ?? ''}\n`,
        )
      }
      return 0
    case 'status':
      print(`${JSON.stringify(await batches.getBatchStatus(database, tenant, id, { limit: 20 }), undefined, 2)}\n`)
      return 0
    case 'export':
      for await (const part of batches.exportBatch(database, tenant, id, format)) {
        if (!process.stdout.write(part)) await once(process.stdout, 'drain')
      }
      return 0
    case 'rejects':
      for (let after: number | undefined = 0; after !== undefined;) {
        const page = await batches.listRejectedLines(database, tenant, id, { limit: 500, after })
        for (const { line, verdict, input, reason } of page.items) print(`${line}\t${verdict}\t${input}\t${reason}\n`)
        after = page.next
      }
      return 0
    case 'pause':
      say(`Batch ${id} is ${(await batches.pauseBatch(database, tenant, id)).state}.`)
      return 0
    case 'resume':
      say(`Batch ${id} is ${(await batches.resumeBatch(database, tenant, id)).state}.`)
      return 0
    case 'cancel':
      say(`Batch ${id} is ${(await batches.cancelBatch(database, tenant, id)).state}.`)
      return 0
    case 'retry':
      say(`Batch ${id} is ${(await batches.retryFailedItems(database, tenant, id)).state}.`)
      return 0
  }
}

function progressLine({ state, counts, progress, itemsPerSecond, etaMs }: BatchProgress): string {
  const rate = itemsPerSecond === null ? '' : `, ${itemsPerSecond.toFixed(1)} a second`
  const eta = etaMs === null ? '' : `, ${formatMs(etaMs)} left`
  const { succeeded, failed, running, total } = counts
  return `${state}: ${Math.floor(progress * 100)} %, ${succeeded} succeeded, ${failed} failed, ${running} running of ${total}${rate}${eta}`
}
