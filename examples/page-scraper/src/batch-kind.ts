import { newId, storableText, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import { z } from 'zod'
import { crawlSite, HomeUnreadable } from './crawl/crawl-site.ts'
import { scanInputInvalid } from './errors.ts'
import type { PageFetcher } from './http-client.ts'
import { mostPages, usualPages } from './job-types.ts'
import { superseded, writeScan, writeScanFailure, type CrawlTuning, type ScanSummary } from './service/run-scan.ts'
import { readSite } from './site.ts'
import { ensureDomains } from './store/domains.ts'
import { holdScanOfItem, type HeldScan } from './store/scans.ts'

/** The `kind` of a batch whose items are scans of sites. */
export const domainScanKind = 'domain-scan'

/** What a scan needs of the item of a batch. */
export interface ItemToScan {
  readonly batchId: string
  readonly tenantId: TenantId
  readonly ordinal: number
  readonly input: string
  /** The fencing token: a later run of the item has a larger one. */
  readonly attempt: number
}

/** What a scan needs of whoever runs the item. */
export interface ItemScanContext {
  readonly signal: AbortSignal
  readonly session: Session
  readonly logger: Logger
  /** Time for the item. */
  readonly timeoutMs: number
  /** The `options` of the batch. */
  readonly options: Readonly<Record<string, unknown>>
}

/** Scans the site of an item; the summary is the item's result. */
export interface DomainScanProcessor {
  (item: ItemToScan, context: ItemScanContext): Promise<ScanSummary>
  /** @throws PageScraperError SCAN_INPUT_INVALID */
  checkOptions(options: Readonly<Record<string, unknown>>): void
}

const optionsSchema = z.strictObject({ maxPages: z.int().min(1).max(mostPages).default(usualPages) })

/**
 * A processor for the batch processor, for its kind `domain-scan`: scans the site of an item and writes the site, the scan,
 * its pages, contacts and technologies in one transaction. The batch takes `maxPages` as its option.
 *
 * At least once, made idempotent by batch and ordinal: a run of the same item replaces what an earlier one wrote, and a run
 * that lost its item to a later one writes nothing. No transaction is open while it asks the site. A crawl ends with what it
 * has before the time for its item is over.
 */
export function domainScanProcessor(http: PageFetcher, tuning: CrawlTuning = {}): DomainScanProcessor {
  const scan = async (item: ItemToScan, context: ItemScanContext): Promise<ScanSummary> => {
    const { signal, session, logger, timeoutMs } = context
    const { maxPages } = readOptions(context.options)
    const budgetMs = Math.min(tuning.budgetMs ?? 90_000, timeoutMs * 0.8)
    const startedAt = new Date()
    const site = readSite(item.input)
    const hold = async (tx: Session): Promise<HeldScan> => {
      const { batchId, tenantId, ordinal, attempt, input } = item
      await ensureDomains(tx, tenantId, [{ id: newId(), ...site }])
      const url = storableText(input.trim(), 2_000)
      const { host } = site
      const wanted = { id: newId(), host, batchId, ordinal, attempt, url, maxPages, startedAt }
      const held = await holdScanOfItem(tx, tenantId, wanted)
      if (!held) throw superseded(`of item ${ordinal} of batch ${batchId}`, attempt)
      return held
    }
    try {
      const crawl = await crawlSite({ ...tuning, budgetMs, http, site, maxPages, signal })
      signal.throwIfAborted()
      return await session.transaction(async (tx) => writeScan(tx, await hold(tx), item.attempt, crawl))
    } catch (error) {
      if (!(error instanceof HomeUnreadable)) throw error
      await session.transaction(async (tx) => writeScanFailure(tx, await hold(tx), item.attempt, error))
      const { code, message, retryable } = error.failure
      logger.info({ code, retryable }, 'a site could not be read')
      throw Object.assign(new Error(message), { code, retryable })
    }
  }
  return Object.assign(scan, {
    checkOptions: (options: Readonly<Record<string, unknown>>) => void readOptions(options),
  })
}

function readOptions(options: Readonly<Record<string, unknown>>): z.infer<typeof optionsSchema> {
  const parsed = optionsSchema.safeParse(options)
  if (parsed.success) return parsed.data
  throw scanInputInvalid(
    z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' '),
    `"maxPages" is from 1 to ${mostPages}.`,
  )
}
