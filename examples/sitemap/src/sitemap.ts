import type { TenantId } from '@pooler-safe/example-foundation'
import type { Changefreq, Issue, SitemapKind } from './parser/parse-sitemap.ts'

export const discoveryMethods = ['given', 'robots', 'link', 'well_known', 'feed', 'index'] as const
export type DiscoveryMethod = (typeof discoveryMethods)[number]

export const sitemapStates = ['pending', 'read', 'unchanged', 'partial', 'failed', 'skipped', 'gone'] as const
export type SitemapState = (typeof sitemapStates)[number]

export type ScanState = 'queued' | 'running' | 'succeeded' | 'partial' | 'failed' | 'cancelled'
export type ScanOutcome = 'succeeded' | 'partial' | 'failed'

/** One look at the sitemaps of a site. */
export interface SitemapScan {
  readonly id: string
  readonly tenantId: TenantId
  readonly host: string
  /** Null when the history of jobs was tidied up. */
  readonly jobId: string | null
  readonly url: string
  readonly maxUrls: number
  /** What the job says while it is under way; afterwards how the scan ended. */
  readonly state: ScanState
  readonly errorCode: string | null
  readonly error: string | null
  /** The host answers for paths that nobody made, so that an answer proves nothing. */
  readonly answersNonsense: boolean
  /** Files done, and known so far; while the scan is under way. */
  readonly progressDone: number
  readonly progressTotal: number | null
  readonly sitemapsRead: number
  readonly sitemapsUnchanged: number
  readonly sitemapsFailed: number
  /** URLs of the site that a sitemap names. */
  readonly urlsFound: number
  readonly urlsAdded: number
  readonly urlsRemoved: number
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
}

/** A file that was found, and how it was. */
export interface StoredSitemap {
  readonly id: string
  readonly url: string
  readonly parentId: string | null
  readonly depth: number
  readonly kind: SitemapKind | null
  readonly discoveryMethod: DiscoveryMethod
  readonly state: SitemapState
  readonly statusCode: number | null
  /** After decompression. */
  readonly bytes: number | null
  readonly fetchMs: number | null
  readonly etag: string | null
  readonly lastModified: string | null
  readonly gzip: boolean
  readonly encoding: string | null
  readonly urlCount: number
  readonly issues: readonly Issue[]
  readonly errorCode: string | null
  readonly error: string | null
  readonly lastScanId: string | null
  readonly firstSeen: Date
  readonly lastSeen: Date
}

/** A URL that sitemaps name. */
export interface StoredUrl {
  readonly id: string
  readonly url: string
  readonly lastmod: string | null
  readonly lastmodAt: Date | null
  /** Null when the sitemap gives none. */
  readonly lastmodValid: boolean | null
  readonly changefreq: Changefreq | null
  readonly priority: number | null
  readonly imageCount: number
  readonly videoCount: number
  readonly newsCount: number
  readonly hreflangCount: number
  readonly pageType: string
  readonly tags: readonly string[]
  readonly firstSeen: Date
  readonly lastSeen: Date
  /** Since when no sitemap names it. */
  readonly removedAt: Date | null
}

/** Which URLs; every given condition has to hold. */
export interface UrlFilter {
  readonly pageType?: string
  readonly tag?: string
  /** Default: those that are named by a sitemap. */
  readonly removed?: boolean | 'any'
  /** A part of the URL. */
  readonly contains?: string
  readonly sitemapId?: string
}
