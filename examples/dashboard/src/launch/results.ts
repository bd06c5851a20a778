import type { TenantId } from '@pooler-safe/example-foundation'
import { measureType, oneLine, plural } from '@pooler-safe/example-job-service/demo'
import type { Platform } from '@pooler-safe/example-platform'

/** What became of the work of one service, as the database tells. */
export interface ServiceResult {
  readonly service: string
  readonly lines: readonly string[]
  /** Why it is not as expected, in a sentence. */
  readonly problem: string | undefined
}

/** The work of the five services, each in one or two lines; those that had none are left out. */
export async function readResults(platform: Platform, tenant: TenantId): Promise<ServiceResult[]> {
  const results = await Promise.all([
    readJobs(platform, tenant),
    readBatch(platform, tenant),
    readDomainScans(platform, tenant),
    readSitemapScans(platform, tenant),
    readPlaces(platform, tenant),
  ])
  return results.filter(({ lines }) => lines.length > 0)
}

const shown = 100

function problemUnless(fine: boolean, sentence: string): string | undefined {
  return fine ? undefined : sentence
}

/** `2 dns, 1 robots`, the most frequent first. */
function counted(words: readonly (string | null)[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word ?? 'unknown', (counts.get(word ?? 'unknown') ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ')
}

const failedText = (words: readonly (string | null)[]): string =>
  words.length === 0 ? '' : `, ${words.length} failed (${counted(words)})`

async function readJobs({ jobs, database }: Platform, tenant: TenantId): Promise<ServiceResult> {
  const { items } = await jobs.listJobs(database, tenant, { type: measureType }, { limit: shown })
  const done = items.filter(({ state }) => state === 'succeeded')
  const failed = items.filter(({ state }) => state === 'failed')
  const attempts = Math.max(0, ...failed.map(({ attempt }) => attempt))
  const words = done.reduce((sum, { result }) => sum + wordsOf(result), 0)
  return {
    service: 'Jobs',
    lines:
      items.length === 0
        ? []
        : [
            `${plural(done.length, 'file')} measured, ${plural(words, 'word')}${failedText(failed.map(({ errorCode }) => errorCode))}` +
              (failed.length > 0 ? ` after ${plural(attempts, 'attempt')}` : ''),
          ],
    problem: problemUnless(done.length > 0, 'No file was measured.'),
  }
}

function wordsOf(result: unknown): number {
  const { words } = (result ?? {}) as { words?: unknown }
  return typeof words === 'number' ? words : 0
}

async function readBatch({ batches, database }: Platform, tenant: TenantId): Promise<ServiceResult> {
  const { items } = await batches.listBatches(database, tenant, {}, { limit: 1 })
  const [latest] = items
  if (!latest) return { service: 'Batch', lines: [], problem: undefined }
  const { state, counts, lines, topErrors, elapsedMs } = await batches.getBatchStatus(database, tenant, latest.id)
  const errors = topErrors.map(({ errorCode, items: count }) => `${count} ${errorCode}`).join(', ')
  const failed = counts.failed === 0 ? '' : `, ${counts.failed} failed (${errors})`
  const left = counts.queued + counts.running + counts.cancelled
  const rest = left === 0 ? '' : `, ${left} not done`
  return {
    service: 'Batch',
    lines: [
      `${state}: ${counts.succeeded} of ${plural(counts.total, 'site')} read${failed}${rest} in ${((elapsedMs ?? 0) / 1_000).toFixed(1)} s`,
      `${lines.kept + lines.invalid + lines.duplicate} lines: ${lines.kept} kept, ${lines.duplicate} duplicate, ${lines.invalid} invalid`,
    ],
    problem: problemUnless(
      (state === 'partial' || state === 'succeeded') && left === 0,
      `The batch is ${state} with ${left} sites left.`,
    ),
  }
}

async function readDomainScans({ pages, database }: Platform, tenant: TenantId): Promise<ServiceResult> {
  const { items } = await pages.listScans(database, tenant, {}, { limit: shown })
  const done = items.filter(({ state }) => state === 'succeeded')
  const [sample] = done.toSorted((a, b) => b.pagesVisited - a.pagesVisited)
  const lines = [
    `${plural(done.length, 'site')} read, ${plural(
      done.reduce((sum, { pagesVisited }) => sum + pagesVisited, 0),
      'page',
    )}${failedText(items.filter(({ state }) => state === 'failed').map(({ errorCode }) => errorCode))}`,
  ]
  if (sample) {
    const { domain, contacts, technologies } = await pages.getScan(database, tenant, sample.id)
    const found = technologies.slice(0, 3).map(({ name, version }) => (version ? `${name} ${version}` : name))
    lines.push(
      `${sample.host}: “${oneLine(domain.title ?? '')}”, ${plural(contacts.length, 'contact')}${found.length > 0 ? `, ${found.join(', ')}` : ''}`,
    )
  }
  return {
    service: 'Domain scans',
    lines: items.length === 0 ? [] : lines,
    problem: problemUnless(done.length > 0, 'No site was read.'),
  }
}

async function readSitemapScans({ sitemaps, database }: Platform, tenant: TenantId): Promise<ServiceResult> {
  const { items } = await sitemaps.listSitemapScans(database, tenant, {}, { limit: 2 })
  return {
    service: 'Sitemaps',
    lines: items.map(
      ({ host, state, urlsFound, sitemapsRead, sitemapsUnchanged, sitemapsFailed }) =>
        `${host}: ${state}, ${plural(urlsFound, 'URL')} in ${plural(sitemapsRead + sitemapsUnchanged, 'sitemap')}` +
        (sitemapsFailed > 0 ? `, ${sitemapsFailed} could not be read` : ''),
    ),
    problem: problemUnless(
      items.every(({ state }) => state === 'succeeded' || state === 'partial'),
      'A sitemap scan did not succeed.',
    ),
  }
}

async function readPlaces({ places, database }: Platform, tenant: TenantId): Promise<ServiceResult> {
  const { items } = await places.listSearches(database, tenant, { limit: 2 })
  return {
    service: 'Places',
    lines: items.map(
      ({ query, state, stored, new: added, pages, source }) =>
        `“${oneLine(query)}”: ${state}, ${plural(stored, 'place')} (${added} new) on ${plural(pages, 'page')}, from ${oneLine(source)}`,
    ),
    problem: problemUnless(
      items.every(({ state }) => state === 'succeeded' || state === 'partial'),
      'A search for places did not succeed.',
    ),
  }
}
