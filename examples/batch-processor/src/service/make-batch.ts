import { createHash } from 'node:crypto'
import { explain, newId, type TenantId } from '@pooler-safe/example-foundation'
import type { Database, Session } from 'pooler-safe'
import type { Batch, RejectedLine } from '../batch.ts'
import { BatchError, batchNotFound, invalidInput } from '../errors.ts'
import { jsonLines, judgeLine, textLines, type InputLine } from '../input/lines.ts'
import { checkBatch, type NewBatch } from '../options.ts'
import type { ItemProcessor, ItemProcessors } from '../processor.ts'
import * as store from '../store/batches.ts'
import { addItems, selectRejects } from '../store/items.ts'

/** What an input consists of. */
export type DomainInput = string | readonly unknown[]

/** What became of an input. */
export interface InputReport {
  /** Lines that became items. */
  readonly kept: number
  readonly invalid: number
  readonly duplicate: number
  /** The first lines that became no item, each with its reason; `listRejectedLines` has all of them. */
  readonly rejected: readonly RejectedLine[]
}

export interface InitiatedBatch {
  readonly batch: Batch
  readonly report: InputReport
  /** False when the same request was made before, with the same idempotency key. */
  readonly created: boolean
}

/** Lines written by one statement. */
const chunkSize = 1_000
/** Of an input that is in memory; what is larger is streamed. */
const maxLinesAtOnce = 200_000
const maxLines = 5_000_000
const reportedLines = 500

export interface MadeBatch {
  readonly batch: Batch
  readonly created: boolean
}

/** Makes an empty batch that takes items, or finds the one that was made with the same key. */
export async function makeBatch(
  session: Session,
  tenant: TenantId,
  processors: ItemProcessors,
  options: NewBatch,
  digest: string | null,
): Promise<MadeBatch> {
  const { name, webhookUrl, idempotencyKey, ...checked } = checkBatch(options)
  if (!Object.hasOwn(processors, checked.kind)) {
    throw new BatchError('BATCH_KIND_UNKNOWN', `There is no processor "${checked.kind}".`, {
      hint: `Defined are ${Object.keys(processors).join(', ')}.`,
    })
  }
  checkOptions(checked.kind, processors[checked.kind], checked.options)
  const id = newId()
  const insert = {
    ...checked,
    id,
    name: name ?? null,
    webhookUrl: webhookUrl ?? null,
    idempotencyKey: idempotencyKey ?? null,
    digest,
  }
  const created = await insertFor(session, tenant, insert)
  if (created) return { batch: await readBatch(session, tenant, id), created }
  const before = idempotencyKey === undefined ? undefined : await store.findByKey(session, tenant, idempotencyKey)
  if (!before) throw new TypeError('a batch was neither made nor found')
  if (before.digest !== null && digest !== null && before.digest !== digest) {
    throw new BatchError('BATCH_IDEMPOTENCY_CONFLICT', `The key "${idempotencyKey}" was used for another request.`, {
      hint: 'Use a new key for a new request.',
    })
  }
  return { batch: await readBatch(session, tenant, before.id), created }
}

/** Adds lines to a batch that takes items; the same again change nothing. */
export async function addInput(
  session: Session,
  tenant: TenantId,
  id: string,
  lines: readonly InputLine[],
): Promise<void> {
  if (lines.length === 0) return
  const judged = lines.map(judgeLine)
  await session.transaction(async (tx) => {
    if (!(await store.lockOpenBatch(tx, tenant, id))) throw sealed(id)
    await addItems(
      tx,
      tenant,
      id,
      judged.flatMap((one) => ('item' in one ? [one.item] : [])),
      judged.flatMap((one) => ('reject' in one ? [one.reject] : [])),
    )
  })
}

/** Adds an input that comes line by line, a thousand lines in a transaction; what is in memory is one of them. */
export async function addStreamedInput(
  database: Database,
  tenant: TenantId,
  id: string,
  lines: AsyncIterable<InputLine>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let chunk: InputLine[] = []
  let count = 0
  for await (const line of lines) {
    signal?.throwIfAborted()
    count += 1
    if (count > maxLines) throw new BatchError('BATCH_TOO_LARGE', `The input has more than ${maxLines} lines.`)
    chunk.push(line)
    if (chunk.length < chunkSize) continue
    await addInput(database, tenant, id, chunk)
    chunk = []
  }
  await addInput(database, tenant, id, chunk)
}

/** Adds an input that is in memory, in statements of a thousand lines. */
export async function addWholeInput(
  session: Session,
  tenant: TenantId,
  id: string,
  lines: readonly InputLine[],
): Promise<void> {
  for (let at = 0; at < lines.length; at += chunkSize) {
    await addInput(session, tenant, id, lines.slice(at, at + chunkSize))
  }
}

/** What became of the input of a batch. */
export async function reportOf(session: Session, tenant: TenantId, { id, lines }: Batch): Promise<InputReport> {
  return { ...lines, rejected: await selectRejects(session, tenant, id, 0, reportedLines) }
}

async function readBatch(session: Session, tenant: TenantId, id: string): Promise<Batch> {
  const batch = await store.findBatch(session, tenant, id)
  if (!batch) throw batchNotFound(id)
  return batch
}

export function sealed(id: string): BatchError {
  return new BatchError('BATCH_SEALED', `Batch ${id} takes no more items.`)
}

/** @throws BatchError BATCH_INPUT_INVALID with the word of the processor */
function checkOptions(kind: string, processor: ItemProcessor | undefined, options: NewBatch['options'] = {}): void {
  try {
    processor?.checkOptions?.(options)
  } catch (error) {
    throw invalidInput(`"${kind}" cannot work with these options: ${explain(error)}`)
  }
}

/** The lines of an input that is in memory. @throws BatchError BATCH_INPUT_INVALID, BATCH_TOO_LARGE */
export function readInput(domains: DomainInput): InputLine[] {
  const lines = [...linesOf(domains)]
  if (lines.length <= maxLinesAtOnce) return lines
  throw new BatchError('BATCH_TOO_LARGE', `The input has more than ${maxLinesAtOnce} lines.`, {
    hint: 'Stream it with importBatchWithOwnSession.',
  })
}

function linesOf(domains: DomainInput): Iterable<InputLine> {
  if (typeof domains !== 'string') return jsonLines(domains)
  if (!domains.trimStart().startsWith('[')) return textLines(domains)
  let parsed: unknown
  try {
    parsed = JSON.parse(domains)
  } catch (error) {
    throw invalidInput(`The input begins like JSON and is none: ${error instanceof Error ? error.message : ''}`)
  }
  return jsonLines(parsed as unknown[])
}

/** Tells two requests with the same key apart. */
export function digestOf(lines: readonly InputLine[], options: NewBatch): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256').update(JSON.stringify(sorted))
  for (const { line, text } of lines) hash.update(`\n${line} ${text}`)
  return hash.digest('hex')
}

async function insertFor(session: Session, tenant: TenantId, batch: store.BatchInsert): Promise<boolean> {
  try {
    return await store.insertBatch(session, tenant, batch)
  } catch (error) {
    if ((error as { code?: unknown }).code !== '23503') throw error
    throw new BatchError('TENANT_UNKNOWN', `There is no tenant ${tenant}.`, { cause: error })
  }
}
