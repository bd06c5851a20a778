export { sitemapErrorCodes, SitemapServiceError, type SitemapErrorCode } from './errors.ts'
export { exportFormats, type ExportFormat } from './export.ts'
export type { Finding, HealthReport, Severity } from './health.ts'
export { sitemapJobTypes, sitemapScanJob } from './job-type.ts'
export { migrateCommand, migrateSitemaps, requireSitemapTables } from './migrate.ts'
export type { ScanLimits } from './scan/scan.ts'
export type { ScanResult } from './scan/scan-site.ts'
export type {
  DiscoveryMethod,
  ScanOutcome,
  ScanState,
  SitemapScan,
  SitemapState,
  StoredSitemap,
  StoredUrl,
  UrlFilter,
} from './sitemap.ts'
export { SitemapService, type InitiatedScan, type SitemapServiceOptions } from './sitemap-service.ts'
export type { ChangedUrl } from './store/reports.ts'
export { runScan, sitemapHandlers, type ScanRunOptions, type ScanWorkOptions } from './worker.ts'
