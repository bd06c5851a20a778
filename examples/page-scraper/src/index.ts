export { domainScanKind, domainScanProcessor, type ItemToScan, type ItemScanContext } from './batch-kind.ts'
export { crawlSite, HomeUnreadable, type Crawl, type CrawlOptions, type VisitedPage } from './crawl/crawl-site.ts'
export type { PageFailure } from './crawl/read-page.ts'
export { snapshotOf } from './crawl/site-snapshot.ts'
export { diffSnapshots, type Change, type SiteDiff } from './diff.ts'
export { PageScraperError, pageScraperErrorCodes } from './errors.ts'
export type { Contact } from './extract/contact.ts'
export { extractPage, type PageExtraction, type PageSource } from './extract/extract-page.ts'
export type { PageFetcher } from './http-client.ts'
export { pageScraperJobTypes, scanJobType } from './job-types.ts'
export { migrateCommand, migratePageScraper } from './migrate.ts'
export type { Domain, KnownContact, KnownTechnology, Scan } from './scan.ts'
export type { ScannedPage, SiteMetadata, SiteSnapshot, SiteVerdict } from './scan-types.ts'
export {
  PageScraper,
  type InitiatedBatch,
  type InitiatedScan,
  type PageScraperOptions,
  type ScanDetails,
  type ScanRequest,
} from './service/page-scraper.ts'
export type { CrawlTuning, ScanSummary } from './service/run-scan.ts'
export { readSite, type Site } from './site.ts'
export type { DetectedTechnology } from './technologies/technology.ts'
export { pageScraperHandlers } from './worker.ts'
