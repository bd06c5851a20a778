import type { Batch, BatchItem } from '../batch.ts'
import { invalidInput } from '../errors.ts'
import { csvRecord } from './csv.ts'

export const exportFormats = ['csv', 'json', 'ndjson'] as const
export type ExportFormat = (typeof exportFormats)[number]

const itemsAtOnce = 500
const csvHeader = [
  'line',
  'input',
  'host',
  'state',
  'attempts',
  'error_code',
  'error',
  'started_at',
  'finished_at',
  'result',
]

/** The parts of an export, one for each page of items. */
export async function* exportBatch(
  batch: Batch,
  format: ExportFormat,
  page: (after: number, limit: number) => Promise<readonly BatchItem[]>,
): AsyncGenerator<string> {
  if (!exportFormats.includes(format)) {
    throw invalidInput(`"${format as string}" is not a format of an export.`, `There are ${exportFormats.join(', ')}.`)
  }
  if (format === 'csv') yield csvRecord(csvHeader)
  if (format === 'json') yield `{"batch":${JSON.stringify(batch)},"items":[`
  let separator = ''
  for (let after = 0; ;) {
    const items = await page(after, itemsAtOnce)
    if (items.length > 0) {
      if (format === 'csv') yield items.map((item) => csvRecord(cellsOf(item))).join('')
      else if (format === 'ndjson') yield items.map((item) => `${JSON.stringify(item)}\n`).join('')
      else yield separator + items.map((item) => JSON.stringify(item)).join(',\n')
      separator = ',\n'
    }
    const last = items.at(-1)
    if (last === undefined || items.length < itemsAtOnce) break
    after = last.ordinal
  }
  if (format === 'json') yield ']}\n'
}

function cellsOf(item: BatchItem): string[] {
  return [
    String(item.ordinal),
    item.input,
    item.host,
    item.state,
    String(item.attempts),
    item.errorCode ?? '',
    item.error ?? '',
    item.startedAt?.toISOString() ?? '',
    item.finishedAt?.toISOString() ?? '',
    item.result === null ? '' : JSON.stringify(item.result),
  ]
}
