import { z } from '@hono/zod-openapi'
import { anything, count, id, orNull, pageOfSchema, text, time } from './common.ts'
import { batchCounts, jobBatchState, jobState } from './jobs.ts'

const verdict = z.enum(['live', 'parked', 'for_sale', 'moved', 'soft_404'])

export const scanSchema = z
  .strictObject({
    id,
    domainId: id,
    host: text,
    jobId: orNull(id).openapi({ description: "Null of a scan that is an item of a batch: the job is the batch's." }),
    batchId: orNull(id),
    itemOrdinal: orNull(count),
    url: text,
    maxPages: count,
    state: jobState,
    verdict: orNull(verdict),
    stoppedBy: orNull(z.enum(['done', 'max_pages', 'budget'])),
    pagesVisited: count,
    pagesFailed: count,
    bytes: count,
    previousScanId: orNull(id),
    errorCode: orNull(text),
    error: orNull(text),
    createdAt: time,
    startedAt: orNull(time),
    finishedAt: orNull(time),
  })
  .openapi('Scan')

/** Metadata is null unless the site is live. */
export const domainSchema = z
  .strictObject({
    id,
    host: text,
    registrableDomain: text,
    verdict: orNull(verdict),
    verdictReasons: orNull(z.array(text)),
    finalUrl: orNull(text),
    title: orNull(text),
    description: orNull(text),
    canonical: orNull(text),
    metaRobots: orNull(text),
    generator: orNull(text),
    language: orNull(text),
    charset: orNull(text),
    h1: orNull(z.array(text)),
    hreflang: orNull(z.array(z.strictObject({ language: text, url: text }))),
    openGraph: orNull(z.record(z.string(), text)),
    twitter: orNull(z.record(z.string(), text)),
    feeds: orNull(z.array(z.object({ url: text, type: text }))),
    forms: orNull(z.array(z.strictObject({ action: text, method: text, fields: z.array(text) }))),
    organizations: orNull(z.array(z.object({ type: text }))),
    schemaTypes: orNull(z.array(text)),
    favicon: orNull(text),
    logo: orNull(text),
    words: orNull(count),
    linksInternal: orNull(count),
    linksExternal: orNull(count),
    externalDomains: orNull(z.array(text)),
    lastScanId: orNull(id),
    scannedAt: orNull(time),
    failedScanId: orNull(id),
    errorCode: orNull(text),
    error: orNull(text),
    createdAt: time,
  })
  .openapi('Domain')

export const pageSchema = z
  .strictObject({
    ordinal: count,
    url: text,
    kind: text,
    depth: count,
    status: orNull(z.int()),
    bytes: orNull(count),
    ms: count,
    verdict: orNull(text),
    title: orNull(text),
    description: orNull(text),
    canonical: orNull(text),
    lang: orNull(text),
    charset: orNull(text),
    h1: orNull(text),
    words: orNull(count),
    contentHash: orNull(text),
    errorCode: orNull(text),
    error: orNull(text),
  })
  .openapi('ScannedPage')

const sighting = { firstSeenAt: time, lastSeenAt: time, missingSince: orNull(time) }

export const contactSchema = z
  .strictObject({
    kind: z.enum(['email', 'phone', 'fax', 'social']),
    value: text,
    method: text,
    network: orNull(text),
    sourceUrl: text,
    snippet: text,
    confidence: z.number(),
    ...sighting,
  })
  .openapi('Contact')

export const technologySchema = z
  .strictObject({
    name: text,
    category: text,
    version: orNull(text),
    confidence: z.number(),
    evidence: z.array(text),
    ...sighting,
  })
  .openapi('Technology')

export const domainDetailsSchema = z
  .strictObject({ domain: domainSchema, contacts: z.array(contactSchema), technologies: z.array(technologySchema) })
  .openapi('DomainDetails')

export const scanDetailsSchema = z
  .strictObject({
    scan: scanSchema,
    domain: domainSchema,
    pages: z.array(pageSchema),
    contacts: z.array(contactSchema),
    technologies: z.array(technologySchema),
  })
  .openapi('ScanDetails')

const named = z.array(text)
const contacts = z.array(z.strictObject({ kind: text, value: text }))

export const siteDiffSchema = z
  .strictObject({
    isEqual: z.boolean(),
    changes: z.array(z.strictObject({ field: text, before: anything, after: anything })),
    contacts: z.strictObject({ added: contacts, removed: contacts }),
    technologies: z.strictObject({
      added: named,
      removed: named,
      upgraded: z.array(z.strictObject({ name: text, before: text, after: text })),
    }),
    pages: z.strictObject({ added: named, removed: named, changed: named }),
  })
  .openapi('SiteDiff')

const initiated = { jobId: id, scanId: id, statusUrl: text, created: z.boolean() }

export const initiatedScanSchema = z.strictObject(initiated).openapi('InitiatedScan')

export const scanBatchSchema = z
  .strictObject({
    batchId: id,
    statusUrl: text,
    scans: z.array(z.strictObject({ ...initiated, url: text })),
    rejected: z.array(z.strictObject({ url: text, reason: text })),
  })
  .openapi('InitiatedScanBatch')

export const scanBatchStatusSchema = z
  .strictObject({
    id,
    state: jobBatchState,
    counts: batchCounts,
    createdAt: time,
    startedAt: orNull(time),
    finishedAt: orNull(time),
    scans: pageOfSchema(scanSchema),
  })
  .openapi('ScanBatchStatus')

const url = z.string().min(1).max(2_000)
const maxPages = z.int().min(1).max(200).optional()

export const newScanSchema = z.strictObject({ url, maxPages }).openapi('NewScan')
export const newScanBatchSchema = z
  .strictObject({ urls: z.array(z.string().max(2_000)).min(1).max(10_000), maxPages })
  .openapi('NewScanBatch')
