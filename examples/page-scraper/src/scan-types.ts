import type { Contact } from './extract/contact.ts'
import type { PageExtraction } from './extract/extract-page.ts'
import type { Organization } from './extract/json-ld.ts'
import type { PageMetadata } from './extract/metadata.ts'
import type { DetectedTechnology } from './technologies/technology.ts'

/**
 * What was found at a site.
 *
 * - `live`: a site
 * - `parked`, `for_sale`: a page of whoever holds the domain
 * - `moved`: it leads to a site of another registrable domain
 * - `soft_404`: its home page says that it is not there
 */
export type SiteVerdict = 'live' | 'parked' | 'for_sale' | 'moved' | 'soft_404'

/** What a live site says about itself, of its home page. */
export interface SiteMetadata extends Omit<PageMetadata, 'robots'> {
  readonly metaRobots: string | undefined
  readonly language: string | undefined
  readonly charset: PageExtraction['charset']
  readonly logo: string | undefined
  readonly organizations: readonly Organization[]
  readonly schemaTypes: readonly string[]
  readonly linksInternal: number
  readonly linksExternal: number
  readonly externalDomains: readonly string[]
}

/** Everything that one scan found. It is stored with the scan, so that scans can be compared. */
export interface SiteSnapshot {
  readonly verdict: SiteVerdict
  readonly verdictReasons: readonly string[]
  readonly finalUrl: string
  /** Null unless the site is live. */
  readonly metadata: SiteMetadata | null
  readonly contacts: readonly Contact[]
  readonly technologies: readonly DetectedTechnology[]
  readonly pages: readonly { readonly url: string; readonly contentHash: string }[]
}

/** A page of a scan as it is stored: what was read, or a failure. */
export interface ScannedPage {
  readonly url: string
  readonly kind: string
  readonly depth: number
  readonly status: number | null
  readonly bytes: number | null
  readonly ms: number
  readonly verdict: string | null
  readonly title: string | null
  readonly description: string | null
  readonly canonical: string | null
  readonly lang: string | null
  readonly charset: string | null
  readonly h1: string | null
  readonly words: number | null
  readonly contentHash: string | null
  readonly errorCode: string | null
  readonly error: string | null
}
