import { mergeContacts } from '../extract/contact.ts'
import type { PageExtraction } from '../extract/extract-page.ts'
import type { ScannedPage, SiteMetadata, SiteSnapshot, SiteVerdict } from '../scan-types.ts'
import { mergeTechnologies } from '../technologies/detect.ts'
import type { Crawl, VisitedPage } from './crawl-site.ts'

const mostContacts = 500
const mostOrganizations = 20

/** What a crawl says about the site as a whole. */
export function snapshotOf(crawl: Crawl): SiteSnapshot {
  const { home, pages } = crawl
  const { judgement } = home.extraction
  const verdict = verdictOf(crawl)
  const isLive = verdict === 'live'
  const live = isLive
    ? pages.flatMap(({ extraction }) => (extraction?.judgement.verdict === 'live' ? [extraction] : []))
    : []
  return {
    verdict,
    verdictReasons: verdict === 'moved' ? [`leads to ${new URL(home.url).hostname}`] : judgement.reasons,
    finalUrl: home.url,
    metadata: isLive ? metadataOf(home.extraction, live) : null,
    contacts: mergeContacts(live.flatMap(({ contacts }) => contacts)).slice(0, mostContacts),
    technologies: mergeTechnologies(live.map(({ technologies }) => technologies)),
    pages: live.map(({ url, contentHash }) => ({ url, contentHash })),
  }
}

/** A domain that leads to a market place is for sale; one that leads anywhere else has moved. */
function verdictOf({ home, isMoved }: Crawl): SiteVerdict {
  const { verdict } = home.extraction.judgement
  if (isMoved && verdict !== 'for_sale' && verdict !== 'parked') return 'moved'
  // A page that asks whether we are people was a failure already.
  return verdict === 'blocked' ? 'soft_404' : verdict
}

function metadataOf(home: PageExtraction, live: readonly PageExtraction[]): SiteMetadata {
  const { robots, ...metadata } = home.metadata
  const organizations = new Map(
    live.flatMap((page) => page.organizations).map((one) => [`${one.type} ${one.name ?? ''}`, one] as const),
  )
  return {
    ...metadata,
    metaRobots: robots,
    language: home.language,
    charset: home.charset,
    logo: home.logo,
    organizations: [...organizations.values()].slice(0, mostOrganizations),
    schemaTypes: [...new Set(live.flatMap((page) => page.schemaTypes))].sort(),
    linksInternal: home.links.internalCount,
    linksExternal: home.links.externalCount,
    externalDomains: home.links.externalDomains,
  }
}

/** A page as it is stored. */
export function scannedPage(page: VisitedPage): ScannedPage {
  const { url, kind, depth, bytes = null, status = null, ms, extraction, failure } = page
  const { metadata, judgement } = extraction ?? {}
  // The title of a page that says that it is not there is no title of the site's.
  const read = judgement?.verdict === 'live' ? metadata : undefined
  return {
    url,
    kind,
    depth,
    status,
    bytes,
    ms,
    verdict: judgement?.verdict ?? null,
    title: read?.title ?? null,
    description: read?.description ?? null,
    canonical: read?.canonical ?? null,
    lang: (read && extraction?.language) ?? null,
    charset: extraction?.charset ?? null,
    h1: read?.h1[0] ?? null,
    words: extraction?.metadata.words ?? null,
    contentHash: extraction?.contentHash ?? null,
    errorCode: failure?.code ?? null,
    error: failure?.message.slice(0, 1_000) ?? null,
  }
}
