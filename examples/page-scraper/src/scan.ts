import type { TenantId } from '@pooler-safe/example-foundation'
import type { JobState } from '@pooler-safe/example-job-service'
import type { Contact } from './extract/contact.ts'
import type { SiteMetadata, SiteVerdict } from './scan-types.ts'
import type { DetectedTechnology } from './technologies/technology.ts'

/** A scan of a site as users read it. */
export interface Scan {
  readonly id: string
  readonly tenantId: TenantId
  readonly domainId: string
  readonly host: string
  /** Null of the scan of a batch item: the job is the batch's. */
  readonly jobId: string | null
  readonly batchId: string | null
  /** Its place in the batch, when it was run as the item of one. */
  readonly itemOrdinal: number | null
  /** As it was asked for. */
  readonly url: string
  readonly maxPages: number
  /** The job's; but a scan that wrote what it found has succeeded. */
  readonly state: JobState
  /** Null until the site was read. */
  readonly verdict: SiteVerdict | null
  readonly stoppedBy: 'done' | 'max_pages' | 'budget' | null
  /** Pages that were asked for. */
  readonly pagesVisited: number
  readonly pagesFailed: number
  readonly bytes: number
  /** The scan whose findings this one replaced. */
  readonly previousScanId: string | null
  readonly errorCode: string | null
  readonly error: string | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
}

type Nullable<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> | null }

/** A site as users read it: one row, whatever its name was written like. All metadata is null unless it is live. */
export interface Domain extends Nullable<SiteMetadata> {
  readonly id: string
  readonly tenantId: TenantId
  readonly host: string
  readonly registrableDomain: string
  readonly verdict: SiteVerdict | null
  readonly verdictReasons: readonly string[] | null
  readonly finalUrl: string | null
  /** The scan that the metadata is from. */
  readonly lastScanId: string | null
  readonly scannedAt: Date | null
  /** The last scan that failed, if none succeeded since. */
  readonly failedScanId: string | null
  readonly errorCode: string | null
  readonly error: string | null
  readonly createdAt: Date
}

/** When something was seen at a site. */
export interface Sighting {
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
  /** When a scan first did not find it any more. */
  readonly missingSince: Date | null
}

export type KnownContact = Nullable<Contact> & Sighting
export type KnownTechnology = Nullable<DetectedTechnology> & Sighting
