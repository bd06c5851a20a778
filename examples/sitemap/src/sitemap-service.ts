import {
  isId,
  newId,
  pageById,
  readPage,
  type Logger,
  type Page,
  type PageRequest,
  type TenantId,
} from '@pooler-safe/example-foundation'
import type { JobService } from '@pooler-safe/example-job-service'
import type { Database, Session } from 'pooler-safe'
import { domainNotFound, invalidInput, scanNotFound, SitemapServiceError } from './errors.ts'
import { exportFormats, writeUrls, type ExportFormat } from './export.ts'
import { assessHealth, type HealthReport } from './health.ts'
import { sitemapScanJob } from './job-type.ts'
import { requireSitemapTables } from './migrate.ts'
import type { ScanResult } from './scan/scan-site.ts'
import { siteHost, startUrl } from './site.ts'
import type { SitemapScan, StoredSitemap, StoredUrl, UrlFilter } from './sitemap.ts'
import * as reports from './store/reports.ts'
import * as scans from './store/scans.ts'
import { selectSitemaps } from './store/sitemaps.ts'
import { changeTags, selectUrls } from './store/urls.ts'
import { runScan, type ScanRunOptions, type ScanWorkOptions } from './worker.ts'

export interface SitemapServiceOptions extends ScanWorkOptions {
  readonly database: Database
  /** Opened with {@link sitemapJobTypes} among its types. */
  readonly jobs: JobService
  readonly logger?: Logger
}

/** What was accepted. */
export interface InitiatedScan {
  readonly scanId: string
  readonly jobId: string
  /** False when a scan of the site was under way already: that is the one named. */
  readonly created: boolean
}

const urlsAtMost = 10_000_000
const usualUrls = 100_000
const exportPage = 1_000
const filterKeys: ReadonlySet<string> = new Set<keyof UrlFilter>([
  'pageType',
  'tag',
  'removed',
  'contains',
  'sitemapId',
])

/**
 * The operations on sitemaps.
 *
 * Every one but `processSitemapScanWithOwnSession` takes a session and runs in it, and takes the tenant, of whose data alone
 * it sees and touches anything.
 */
export class SitemapService {
  readonly #options: SitemapServiceOptions

  private constructor(options: SitemapServiceOptions) {
    this.#options = options
  }

  /** @throws ServiceError DATABASE_NOT_MIGRATED */
  static async open(options: SitemapServiceOptions): Promise<SitemapService> {
    await requireSitemapTables(options.database)
    if (!options.jobs.types.has(sitemapScanJob)) {
      throw invalidInput(`The job service does not know "${sitemapScanJob}".`, 'Open it with sitemapJobTypes.')
    }
    return new SitemapService(options)
  }

  /**
   * Asks for a scan of a site, or of one sitemap and what it names when the URL is that of one. The scan, its job and the
   * delivery of the job are written together or not at all.
   *
   * @throws SitemapServiceError SITEMAP_INPUT_INVALID; ServiceError HOST_INVALID; JobServiceError TENANT_UNKNOWN
   */
  async initiateSitemapScan(
    session: Session,
    tenant: TenantId,
    request: { readonly url: string; readonly maxUrls?: number },
  ): Promise<InitiatedScan> {
    const { url, maxUrls = usualUrls, ...unknown } = request
    refuseUnknown(unknown)
    if (!Number.isSafeInteger(maxUrls) || maxUrls < 1 || maxUrls > urlsAtMost) {
      throw invalidInput(`maxUrls is not a whole number from 1 to ${urlsAtMost}.`)
    }
    const start = startUrl(url)
    const host = siteHost(start.href)
    return session.transaction(async (tx) => {
      const scanId = newId()
      const { job, created } = await this.#options.jobs.createJobForDomain(tx, tenant, host, {
        type: sitemapScanJob,
        payload: { scanId },
      })
      if (!created) {
        const under = await scans.findScanOfJob(tx, tenant, job.id)
        if (!under) throw scanNotFound(`of job ${job.id}`)
        return { scanId: under.id, jobId: job.id, created }
      }
      const domainId = await scans.ensureDomain(tx, tenant, newId(), host)
      await scans.insertScan(tx, tenant, { id: scanId, domainId, jobId: job.id, url: start.href, maxUrls })
      return { scanId, jobId: job.id, created }
    })
  }

  /** Does the work of a scan's job on the service's own database: what workers do, for those who have none. */
  processSitemapScanWithOwnSession(
    jobId: string,
    run: Pick<ScanRunOptions, 'attempt' | 'signal' | 'progress'> = {},
  ): Promise<ScanResult> {
    if (!isId(jobId)) throw scanNotFound(jobId)
    const { database, http, limits, logger } = this.#options
    return runScan(jobId, {
      session: database,
      http,
      ...(limits ? { limits } : {}),
      ...(logger ? { logger } : {}),
      ...run,
    })
  }

  /** @throws SitemapServiceError SITEMAP_SCAN_NOT_FOUND, also when it is another tenant's */
  async getSitemapScan(session: Session, tenant: TenantId, scanId: string): Promise<SitemapScan> {
    const scan = isId(scanId) ? await scans.findScan(session, tenant, scanId) : undefined
    if (!scan) throw scanNotFound(scanId)
    return scan
  }

  /** The scans of a tenant, or of one of its sites, newest first. */
  async listSitemapScans(
    session: Session,
    tenant: TenantId,
    filter: { readonly host?: string } = {},
    page: PageRequest = {},
  ): Promise<Page<SitemapScan>> {
    const { limit, after } = readPage(page, invalidInput)
    const host = filter.host === undefined ? undefined : siteHost(filter.host)
    return pageById(await scans.selectScans(session, tenant, host, after, limit + 1), limit)
  }

  /** The files of a site in the order they were found; `parentId` and `depth` make them a tree. */
  async listSitemaps(
    session: Session,
    tenant: TenantId,
    host: string,
    page: PageRequest = {},
  ): Promise<Page<StoredSitemap>> {
    const { limit, after } = readPage(page, invalidInput)
    const domain = await this.#domain(session, tenant, host)
    return pageById(await selectSitemaps(session, tenant, domain, after, limit + 1), limit)
  }

  /** The URLs of a site in the order they were found. */
  async listSitemapUrls(
    session: Session,
    tenant: TenantId,
    host: string,
    filter: UrlFilter = {},
    page: PageRequest = {},
  ): Promise<Page<StoredUrl>> {
    const { limit, after } = readPage(page, invalidInput)
    checkFilter(filter)
    const domain = await this.#domain(session, tenant, host)
    return pageById(await selectUrls(session, tenant, domain, filter, after, limit + 1), limit)
  }

  /** Adds tags to URLs and takes others away. Says how many URLs have other tags now. */
  async tagUrls(
    session: Session,
    tenant: TenantId,
    host: string,
    request: {
      readonly urlIds?: readonly string[]
      readonly filter?: UrlFilter
      readonly add?: readonly string[]
      readonly remove?: readonly string[]
    },
  ): Promise<number> {
    const { urlIds, filter = {}, add = [], remove = [], ...unknown } = request
    refuseUnknown(unknown)
    if (urlIds === undefined && Object.keys(filter).length === 0) {
      throw invalidInput('Neither urlIds nor a filter says which URLs.')
    }
    if (urlIds?.some((id) => !isId(id)) === true || (urlIds?.length ?? 0) > 10_000) {
      throw invalidInput('urlIds are not at most 10,000 ids of URLs.')
    }
    if ([...add, ...remove].some((tag) => !/^[\p{L}\p{N}][\p{L}\p{N} ._:-]{0,49}$/u.test(tag))) {
      throw invalidInput('A tag is 1 to 50 letters, digits, spaces, ".", "_", ":" or "-".')
    }
    if (add.length + remove.length === 0 || add.length + remove.length > 100) {
      throw invalidInput('1 to 100 tags are added or taken away.')
    }
    checkFilter(filter)
    const domain = await this.#domain(session, tenant, host)
    // Whoever names a URL by its id means it also when it was removed.
    const wanted =
      urlIds !== undefined && filter.removed === undefined ? { ...filter, removed: 'any' as const } : filter
    return changeTags(session, tenant, domain, wanted, urlIds, add, remove)
  }

  /**
   * What is different after the later of two scans of a site compared with after the earlier one.
   *
   * @throws SitemapServiceError SITEMAP_SCANS_NOT_COMPARABLE, SITEMAP_SCAN_NOT_FOUND
   */
  async compareScans(
    session: Session,
    tenant: TenantId,
    earlierId: string,
    laterId: string,
    page: PageRequest = {},
  ): Promise<Page<reports.ChangedUrl>> {
    const { limit, after } = readPage(page, invalidInput)
    const earlier = await this.getSitemapScan(session, tenant, earlierId)
    const later = await this.getSitemapScan(session, tenant, laterId)
    const isOrdered = earlier.host === later.host && earlier.id <= later.id
    if (!isOrdered || !earlier.finishedAt || !later.finishedAt) {
      throw new SitemapServiceError(
        'SITEMAP_SCANS_NOT_COMPARABLE',
        'Two scans of one site are compared that have ended, the earlier one first.',
      )
    }
    const changed = await reports.selectDifference(session, tenant, earlier.id, later.id, after, limit + 1)
    return pageById(changed, limit)
  }

  /** What is good and bad about the sitemaps of a site, as the last scans found them. */
  async healthReport(session: Session, tenant: TenantId, host: string): Promise<HealthReport> {
    const domain = await this.#domain(session, tenant, host)
    const files = await reports.selectSitemapFacts(session, tenant, domain)
    return assessHealth(siteHost(host), files, await reports.selectUrlFacts(session, tenant, domain))
  }

  /**
   * All URLs that fulfil the filter, as text that is written while it is read: a thousand rows in memory. Give it the
   * pool: inside a transaction that would stay open as long as the reader takes.
   */
  async exportUrls(
    session: Session,
    tenant: TenantId,
    host: string,
    format: ExportFormat,
    filter: UrlFilter = {},
  ): Promise<AsyncGenerator<string, void, undefined>> {
    if (!exportFormats.includes(format)) {
      throw invalidInput(`"${format as string}" is not one of ${exportFormats.join(', ')}.`)
    }
    checkFilter(filter)
    const domain = await this.#domain(session, tenant, host)
    const pages = async function* (): AsyncGenerator<StoredUrl[], void, undefined> {
      let after: string | undefined
      for (;;) {
        const rows = await selectUrls(session, tenant, domain, filter, after, exportPage)
        yield rows
        if (rows.length < exportPage) return
        after = rows.at(-1)?.id
      }
    }
    return writeUrls(format, pages())
  }

  async #domain(session: Session, tenant: TenantId, host: string): Promise<string> {
    const canonical = siteHost(host)
    const id = await scans.findDomain(session, tenant, canonical)
    if (id === undefined) throw domainNotFound(canonical)
    return id
  }
}

function refuseUnknown(rest: object): void {
  const [name] = Object.keys(rest)
  if (name !== undefined) throw invalidInput(`"${name}" is not known, and would be ignored.`)
}

function checkFilter(filter: UrlFilter): void {
  const unknown = Object.keys(filter).find((key) => !filterKeys.has(key))
  if (unknown !== undefined) throw invalidInput(`"${unknown}" is not a filter of URLs.`)
  const { pageType, tag, contains, sitemapId } = filter
  for (const text of [pageType, tag, contains]) {
    if (text !== undefined && (text.includes('\0') || text.length > 2_048 || !text.isWellFormed())) {
      throw invalidInput('A filter is too long or contains a character that is stored nowhere.')
    }
  }
  if (sitemapId !== undefined && !isId(sitemapId)) throw invalidInput('sitemapId is not the id of a sitemap.')
}
