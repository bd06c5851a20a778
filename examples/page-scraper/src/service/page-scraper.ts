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
import type { Batch, CreatedJob, Job, JobService, NewJob } from '@pooler-safe/example-job-service'
import type { Database, Session } from 'pooler-safe'
import { diffSnapshots, type SiteDiff } from '../diff.ts'
import { PageScraperError, scanInputInvalid, scanNotFound } from '../errors.ts'
import type { PageFetcher } from '../http-client.ts'
import { mostPages, scanJobType, usualPages } from '../job-types.ts'
import { requirePageTables } from '../migrate.ts'
import type { Domain, KnownContact, KnownTechnology, Scan } from '../scan.ts'
import type { ScannedPage, SiteSnapshot } from '../scan-types.ts'
import { readSite, type Site } from '../site.ts'
import { ensureDomains, findDomain, selectDomains } from '../store/domains.ts'
import { selectContacts, selectTechnologies } from '../store/findings.ts'
import * as store from '../store/scans.ts'
import { runScan, type CrawlTuning, type ScanSummary } from './run-scan.ts'

export interface PageScraperOptions {
  readonly database: Database
  /** Has to know {@link pageScraperJobTypes}. */
  readonly jobs: JobService
  readonly http: PageFetcher
  readonly logger: Logger
  readonly crawl?: CrawlTuning
}

export interface ScanRequest {
  /** A URL on the site, or its name. */
  readonly url: string
  /** Pages that are asked for at most, the home page included. Default 10, at most 200. */
  readonly maxPages?: number
}

/** A scan that is to be run. */
export interface InitiatedScan {
  readonly jobId: string
  readonly scanId: string
  /** Where its state can be read. */
  readonly statusUrl: string
  /** False when the same site is being scanned already: that scan is the one returned. */
  readonly created: boolean
}

export interface InitiatedBatch {
  readonly batchId: string
  readonly statusUrl: string
  /** One for each site, in the order of the input. */
  readonly scans: readonly (InitiatedScan & { readonly url: string })[]
  /** What is not the name of a site, and which name was there already. */
  readonly rejected: readonly { readonly url: string; readonly reason: string }[]
}

/** A scan with what it found. */
export interface ScanDetails {
  readonly scan: Scan
  readonly domain: Domain
  readonly pages: readonly ScannedPage[]
  readonly contacts: readonly KnownContact[]
  readonly technologies: readonly KnownTechnology[]
}

const mostInBatch = 10_000

/**
 * The operations on scans of sites.
 *
 * Those that take a session run in it: on a transaction they commit or roll back with it. Every one takes the tenant, and
 * sees and touches nothing of another.
 */
export class PageScraper {
  readonly #options: PageScraperOptions
  readonly #jobs: JobService

  private constructor(options: PageScraperOptions) {
    this.#options = options
    this.#jobs = options.jobs
  }

  /** @throws ServiceError DATABASE_NOT_MIGRATED; PageScraperError SCAN_INPUT_INVALID */
  static async open(options: PageScraperOptions): Promise<PageScraper> {
    if (!options.jobs.types.has(scanJobType)) {
      throw scanInputInvalid(`The job service does not know "${scanJobType}".`, 'Open it with pageScraperJobTypes.')
    }
    await requirePageTables(options.database)
    return new PageScraper(options)
  }

  /**
   * Queues a scan of a site: its row, the scan and the job in one transaction.
   *
   * @throws ServiceError HOST_INVALID; PageScraperError SCAN_INPUT_INVALID; JobServiceError TENANT_UNKNOWN
   */
  async initiateDomainScan(
    session: Session,
    tenant: TenantId,
    { url, maxPages = usualPages }: ScanRequest,
  ): Promise<InitiatedScan> {
    const site = readSite(url)
    const job = newScanJob(site, url, checkMaxPages(maxPages))
    return session.transaction(async (tx) => {
      const created = await this.#jobs.createJob(tx, tenant, job)
      const [scan] = await this.#scansOf(tx, tenant, [{ site, url, created, maxPages }], null)
      if (!scan) throw new TypeError('a job was created without its scan')
      return scan
    })
  }

  /**
   * Queues scans of several sites as one batch. What is not the name of a site is reported, not an error; a site that is
   * named twice is scanned once.
   *
   * @throws PageScraperError SCAN_INPUT_INVALID when nothing is left
   */
  async initiateBatchScan(
    session: Session,
    tenant: TenantId,
    { urls, maxPages = usualPages }: { readonly urls: readonly string[]; readonly maxPages?: number },
  ): Promise<InitiatedBatch> {
    checkMaxPages(maxPages)
    if (urls.length > mostInBatch) throw scanInputInvalid(`A batch takes at most ${mostInBatch} sites.`)
    const { sites, rejected } = readSites(urls)
    if (sites.length === 0)
      throw scanInputInvalid('None of these is the name of a site.', 'Give names such as example.com.')
    return session.transaction(async (tx) => {
      const { batch, jobs } = await this.#jobs.batches.createBatch(tx, tenant, {
        kind: scanJobType,
        options: { maxPages },
        jobs: sites.map(({ site, url }) => newScanJob(site, url, maxPages)),
      })
      const wanted = sites.flatMap(({ site, url }, at) => {
        const created = jobs[at]
        return created ? [{ site, url, created, maxPages }] : []
      })
      const scans = await this.#scansOf(tx, tenant, wanted, batch.id)
      return {
        batchId: batch.id,
        statusUrl: `/batches/${batch.id}`,
        scans: scans.map((scan, at) => ({ ...scan, url: wanted[at]?.url ?? '' })),
        rejected,
      }
    })
  }

  /**
   * Runs the scan of a job on the service's own sessions; with no transaction open while it asks the site.
   *
   * It runs at least once and may run again: the run replaces what an earlier one wrote. Workers call it with the attempt
   * that they hold; without, it is the job's current one.
   *
   * @throws PageScraperError SCAN_NOT_FOUND, SCAN_SUPERSEDED; the failure of the fetch after it was stored
   */
  async processDomainWithOwnSession(
    jobId: string,
    run: {
      readonly attempt?: number
      readonly signal?: AbortSignal
      readonly progress?: (done: number, total: number) => void
    } = {},
  ): Promise<ScanSummary> {
    const { database: session, http, logger, crawl } = this.#options
    const owner = isId(jobId) ? await store.findTenantOfJob(session, jobId) : undefined
    if (!owner) throw scanNotFound(`of job ${jobId}`)
    const attempt = run.attempt ?? (await this.#jobs.getJob(session, owner.tenantId, jobId)).attempt
    return runScan({ session, http, logger, ...crawl, ...run, jobId, attempt })
  }

  /**
   * A scan, its site, and what is known there. Five round trips.
   *
   * @throws PageScraperError SCAN_NOT_FOUND, also when it is another tenant's
   */
  async getScan(session: Session, tenant: TenantId, scanId: string): Promise<ScanDetails> {
    const scan = isId(scanId) ? await store.findScan(session, tenant, scanId) : undefined
    if (!scan) throw scanNotFound(scanId)
    const pages = await store.selectPages(session, tenant, scanId, -1, mostPages)
    return { scan, pages, ...(await this.getDomain(session, tenant, scan.host)) }
  }

  /**
   * A site by any spelling of its name, with its contacts and technologies.
   *
   * @throws PageScraperError DOMAIN_NOT_FOUND; ServiceError HOST_INVALID
   */
  async getDomain(
    session: Session,
    tenant: TenantId,
    name: string,
  ): Promise<Pick<ScanDetails, 'domain' | 'contacts' | 'technologies'>> {
    const { host } = readSite(name)
    const domain = await findDomain(session, tenant, host)
    if (!domain) throw new PageScraperError('DOMAIN_NOT_FOUND', `There is no site ${host}.`)
    const contacts = await selectContacts(session, tenant, domain.id)
    const technologies = await selectTechnologies(session, tenant, domain.id)
    return { domain, contacts, technologies }
  }

  /** The tenant's sites, newest first. */
  async listDomains(session: Session, tenant: TenantId, page: PageRequest = {}): Promise<Page<Domain>> {
    const { limit, after } = readPage(page, scanInputInvalid)
    return pageById(await selectDomains(session, tenant, after, limit + 1), limit)
  }

  /** The scans of the tenant, of one of its sites or of one of its batches, newest first. */
  async listScans(
    session: Session,
    tenant: TenantId,
    filter: { readonly url?: string; readonly batchId?: string } = {},
    page: PageRequest = {},
  ): Promise<Page<Scan>> {
    const { limit, after } = readPage(page, scanInputInvalid)
    const { batchId, url } = filter
    if (batchId !== undefined && !isId(batchId)) throw scanInputInvalid('`batchId` is not the id of a batch.')
    const host = url === undefined ? undefined : readSite(url).host
    return pageById(await store.selectScans(session, tenant, { host, batchId }, after, limit + 1), limit)
  }

  /** @throws JobServiceError JOB_NOT_FOUND, also when it is another tenant's */
  async getJobStatus(
    session: Session,
    tenant: TenantId,
    jobId: string,
  ): Promise<
    Pick<Job, 'id' | 'state' | 'progressDone' | 'progressTotal' | 'errorCode' | 'error' | 'attempt'> & {
      readonly scanId: string | undefined
    }
  > {
    const { id, state, progressDone, progressTotal, errorCode, error, attempt } = await this.#jobs.getJob(
      session,
      tenant,
      jobId,
    )
    const [scan] = await store.findScansByJobs(session, tenant, [id])
    return { id, state, progressDone, progressTotal, errorCode, error, attempt, scanId: scan?.id }
  }

  /**
   * A batch of scans: its state and counts, from its jobs in the statement that reads it, and a page of its scans.
   *
   * @throws JobServiceError BATCH_NOT_FOUND
   */
  async getBatchStatus(
    session: Session,
    tenant: TenantId,
    batchId: string,
    page: PageRequest = {},
  ): Promise<
    Pick<Batch, 'id' | 'state' | 'counts' | 'createdAt' | 'startedAt' | 'finishedAt'> & { readonly scans: Page<Scan> }
  > {
    const { id, state, counts, createdAt, startedAt, finishedAt } = await this.#jobs.batches.getBatch(
      session,
      tenant,
      batchId,
    )
    const scans = await this.listScans(session, tenant, { batchId }, page)
    return { id, state, counts, createdAt, startedAt, finishedAt, scans }
  }

  /**
   * How a site has changed between two of its scans; between a scan and the one before it, if only one is given.
   *
   * @throws PageScraperError SCAN_NOT_FOUND, SCAN_UNFINISHED, SCAN_INPUT_INVALID
   */
  async diffScans(
    session: Session,
    tenant: TenantId,
    { scanId, previousScanId }: { readonly scanId: string; readonly previousScanId?: string },
  ): Promise<SiteDiff> {
    const after = await this.#scan(session, tenant, scanId)
    const earlier = previousScanId ?? after.previousScanId
    if (earlier === null) {
      throw new PageScraperError('SCAN_UNFINISHED', `There is no earlier scan of ${after.host} that found anything.`)
    }
    const before = await this.#scan(session, tenant, earlier)
    if (before.domainId !== after.domainId) throw scanInputInvalid('These are scans of two sites.')
    const [old, now] = [await this.#snapshot(session, before), await this.#snapshot(session, after)]
    return diffSnapshots(old, now)
  }

  /** All that one scan found; undefined when it found nothing, or is another tenant's. One round trip. */
  async getSnapshot(session: Session, tenant: TenantId, scanId: string): Promise<SiteSnapshot | undefined> {
    return (isId(scanId) ? await store.findSnapshot(session, tenant, scanId) : undefined) ?? undefined
  }

  async #scan(session: Session, tenant: TenantId, id: string): Promise<Scan> {
    const scan = isId(id) ? await store.findScan(session, tenant, id) : undefined
    if (!scan) throw scanNotFound(id)
    return scan
  }

  async #snapshot(session: Session, { id, tenantId, state }: Scan): Promise<SiteSnapshot> {
    const snapshot = await store.findSnapshot(session, tenantId, id)
    if (snapshot) return snapshot
    throw new PageScraperError(
      'SCAN_UNFINISHED',
      `Scan ${id} is ${state} and has found nothing that could be compared.`,
    )
  }

  /** The scans of jobs that were created, and of live ones that were there. */
  async #scansOf(
    tx: Session,
    tenant: TenantId,
    wanted: readonly {
      readonly site: Site
      readonly url: string
      readonly created: CreatedJob
      readonly maxPages: number
    }[],
    batchId: string | null,
  ): Promise<InitiatedScan[]> {
    const fresh = wanted.filter(({ created }) => created.created)
    await ensureDomains(
      tx,
      tenant,
      fresh.map(({ site }) => ({ id: newId(), ...site })),
    )
    await store.insertScans(
      tx,
      tenant,
      fresh.map(({ site, url, created, maxPages }) => {
        return {
          id: newId(),
          host: site.host,
          job_id: created.job.id,
          url: url.trim(),
          max_pages: maxPages,
          batch_id: batchId,
        }
      }),
    )
    const scans = await store.findScansByJobs(
      tx,
      tenant,
      wanted.map(({ created }) => created.job.id),
    )
    const byJob = new Map(scans.map(({ id, jobId }) => [jobId, id]))
    return wanted.map(({ created: { job, created } }) => {
      const scanId = byJob.get(job.id)
      if (scanId === undefined) throw new TypeError(`job ${job.id} has no scan`)
      return { jobId: job.id, scanId, statusUrl: `/scans/${scanId}`, created }
    })
  }
}

function newScanJob({ host }: Site, url: string, maxPages: number): NewJob {
  return { type: scanJobType, payload: { url: url.trim(), maxPages }, domain: host, dedupeKey: `domain ${host}` }
}

function checkMaxPages(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= mostPages) return value
  throw scanInputInvalid(`maxPages is not a whole number from 1 to ${mostPages}.`)
}

function readSites(urls: readonly string[]): {
  readonly sites: { readonly site: Site; readonly url: string }[]
  readonly rejected: { readonly url: string; readonly reason: string }[]
} {
  const sites = new Map<string, { readonly site: Site; readonly url: string }>()
  const rejected: { url: string; reason: string }[] = []
  for (const url of urls) {
    try {
      const site = readSite(url)
      if (sites.has(site.host)) rejected.push({ url, reason: `${site.host} is in the batch already` })
      else sites.set(site.host, { site, url })
    } catch (error) {
      rejected.push({ url: url.slice(0, 200), reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { sites: [...sites.values()], rejected }
}
