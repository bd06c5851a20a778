import { z } from '@hono/zod-openapi'
import { count, id, orNull, text, time } from './common.ts'

export const sitemapScanSchema = z
  .strictObject({
    id,
    host: text,
    jobId: orNull(id),
    url: text,
    maxUrls: count,
    state: z.enum(['queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled']),
    errorCode: orNull(text),
    error: orNull(text),
    answersNonsense: z.boolean(),
    progressDone: count,
    progressTotal: orNull(count),
    sitemapsRead: count,
    sitemapsUnchanged: count,
    sitemapsFailed: count,
    urlsFound: count,
    urlsAdded: count,
    urlsRemoved: count,
    createdAt: time,
    startedAt: orNull(time),
    finishedAt: orNull(time),
  })
  .openapi('SitemapScan')

export const initiatedSitemapScanSchema = z
  .strictObject({ scanId: id, jobId: id, created: z.boolean() })
  .openapi('InitiatedSitemapScan')

export const newSitemapScanSchema = z
  .strictObject({ url: z.string().min(1).max(2_000), maxUrls: z.int().min(1).max(10_000_000).optional() })
  .openapi('NewSitemapScan')

export const sitemapSchema = z
  .strictObject({
    id,
    url: text,
    parentId: orNull(id),
    depth: count,
    kind: orNull(text),
    discoveryMethod: text,
    state: z.enum(['pending', 'read', 'unchanged', 'partial', 'failed', 'skipped', 'gone']),
    statusCode: orNull(z.int()),
    bytes: orNull(count),
    fetchMs: orNull(count),
    etag: orNull(text),
    lastModified: orNull(text),
    gzip: z.boolean(),
    encoding: orNull(text),
    urlCount: count,
    issues: z.array(z.strictObject({ code: text, count, examples: z.array(text) })),
    errorCode: orNull(text),
    error: orNull(text),
    lastScanId: orNull(id),
    firstSeen: time,
    lastSeen: time,
  })
  .openapi('Sitemap')

export const sitemapUrlSchema = z
  .strictObject({
    id,
    url: text,
    lastmod: orNull(text),
    lastmodAt: orNull(time),
    lastmodValid: orNull(z.boolean()),
    changefreq: orNull(text),
    priority: orNull(z.number()),
    imageCount: count,
    videoCount: count,
    newsCount: count,
    hreflangCount: count,
    pageType: text,
    tags: z.array(text),
    firstSeen: time,
    lastSeen: time,
    removedAt: orNull(time),
  })
  .openapi('SitemapUrl')

const filterText = z.string().min(1).max(2_048).optional()

/** Filters of URLs, in a query. */
export const urlFilter = {
  pageType: filterText,
  tag: filterText,
  removed: z
    .enum(['true', 'false', 'any'])
    .transform((value) => (value === 'any' ? value : value === 'true'))
    .openapi({ type: 'string', enum: ['true', 'false', 'any'] })
    .optional(),
  contains: filterText,
  sitemapId: z.uuid().optional(),
}

export const tagUrlsSchema = z
  .strictObject({
    urlIds: z.array(z.uuid()).min(1).max(10_000).optional(),
    filter: z
      .strictObject({
        pageType: filterText,
        tag: filterText,
        removed: z.union([z.boolean(), z.literal('any')]).optional(),
        contains: filterText,
        sitemapId: z.uuid().optional(),
      })
      .optional(),
    add: z.array(z.string().min(1).max(50)).max(100).optional(),
    remove: z.array(z.string().min(1).max(50)).max(100).optional(),
  })
  .openapi('TagUrls')

export const changedSchema = z.strictObject({ changed: count })

export const changedUrlSchema = z
  .strictObject({ id, url: text, change: z.enum(['added', 'removed', 'changed']) })
  .openapi('ChangedUrl')

export const healthSchema = z
  .strictObject({
    host: text,
    verdict: z.enum(['good', 'fair', 'poor', 'none']),
    sitemaps: z.record(z.string(), count),
    urls: z.record(z.string(), z.unknown()),
    findings: z.array(
      z.strictObject({
        code: text,
        severity: z.enum(['error', 'warning', 'notice']),
        count,
        message: text,
        examples: z.array(text),
      }),
    ),
  })
  .openapi('SitemapHealth')
