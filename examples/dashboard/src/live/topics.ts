import { createHash } from 'node:crypto'
import { isFinal } from '@pooler-safe/example-job-service'
import type { Platform } from '@pooler-safe/example-platform'
import type { TenantId } from '@pooler-safe/example-foundation'
import type { Reading } from './hub.ts'

const listed = 50

/** Reads how something of a tenant stands, cheaply. */
type Topic = (platform: Platform, tenant: TenantId, id: string) => Promise<Reading>

const ended = (state: string): boolean => !['queued', 'running', 'paused'].includes(state)

/** A list goes on for ever: something new can always come. */
function listReading(rows: readonly unknown[]): Reading {
  return { version: createHash('sha256').update(JSON.stringify(rows)).digest('base64url').slice(0, 22), ended: false }
}

export type Topics = Readonly<Record<string, Topic>>

const ownTopics: Topics = {
  overview: async ({ jobs, database }, tenant) => listReading([await jobs.countJobs(database, tenant)]),
  jobs: async ({ jobs, database }, tenant) => {
    const { items } = await jobs.listJobs(database, tenant, {}, { limit: listed })
    return listReading(items.map(({ id, state, attempt, progressDone }) => [id, state, attempt, progressDone]))
  },
  job: async ({ jobs, database }, tenant, id) => {
    const { state, attempt, progressDone, progressTotal, cancelRequestedAt } = await jobs.getJob(database, tenant, id)
    const version = [state, attempt, progressDone, progressTotal ?? '', cancelRequestedAt?.getTime() ?? ''].join('-')
    return { version, ended: isFinal(state) }
  },
  batches: async ({ batches, database }, tenant) => {
    const { items } = await batches.listBatches(database, tenant, {}, { limit: listed })
    return listReading(items.map(({ id, state, counts }) => [id, state, counts]))
  },
  batch: async ({ batches, database }, tenant, id) => {
    const { state, counts } = await batches.getBatchProgress(database, tenant, id)
    return { version: `${state} ${JSON.stringify(counts)}`, ended: ended(state) }
  },
  scans: async ({ pages, database }, tenant) => {
    const { items } = await pages.listScans(database, tenant, {}, { limit: listed })
    return listReading(items.map(({ id, state, pagesVisited }) => [id, state, pagesVisited]))
  },
  sitemaps: async ({ sitemaps, database }, tenant) => {
    const { items } = await sitemaps.listSitemapScans(database, tenant, {}, { limit: listed })
    return listReading(items.map(({ id, state, progressDone }) => [id, state, progressDone]))
  },
  sitemap: async ({ sitemaps, database }, tenant, id) => {
    const { state, progressDone, progressTotal } = await sitemaps.getSitemapScan(database, tenant, id)
    return { version: [state, progressDone, progressTotal ?? ''].join('-'), ended: ended(state) }
  },
  searches: async ({ places, database }, tenant) => {
    const { items } = await places.listSearches(database, tenant, { limit: listed })
    return listReading(items.map(({ id, state, stored }) => [id, state, stored]))
  },
  search: async ({ places, database }, tenant, id) => {
    const { state, requests, stored } = await places.getPlacesSearch(database, tenant, id)
    return { version: [state, requests, stored].join('-'), ended: ended(state) }
  },
}

const areas: Readonly<Record<string, string>> = {
  job: 'jobs',
  batch: 'batches',
  sitemap: 'sitemaps',
  search: 'places',
  searches: 'places',
  overview: 'jobs',
}

/** What a topic such as `batch:<id>` is about; undefined when there is no such topic. */
export function readTopic(
  name: string,
  further: Topics = {},
): { readonly area: string; readonly read: (platform: Platform, tenant: TenantId) => Promise<Reading> } | undefined {
  const [kind = '', id = ''] = name.split(':')
  const topics = { ...ownTopics, ...further }
  const topic = Object.hasOwn(topics, kind) ? topics[kind] : undefined
  if (!topic) return undefined
  return { area: areas[kind] ?? kind, read: (platform, tenant) => topic(platform, tenant, id) }
}
