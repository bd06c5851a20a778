import { issueCodes } from './parser/parse-sitemap.ts'
import type { SitemapFacts, UrlFacts } from './store/reports.ts'

export type Severity = 'error' | 'warning' | 'notice'

/** Something about the sitemaps of a site that somebody should know. */
export interface Finding {
  readonly code: string
  readonly severity: Severity
  readonly count: number
  readonly message: string
  readonly examples: readonly string[]
}

/** How well the sitemaps of a site are. */
export interface HealthReport {
  readonly host: string
  /** `good` without errors and warnings, `poor` with errors, `none` when no sitemap was found. */
  readonly verdict: 'good' | 'fair' | 'poor' | 'none'
  readonly sitemaps: SitemapFacts['byState']
  readonly urls: UrlFacts
  /** The worst first. */
  readonly findings: readonly Finding[]
}

const severities: Readonly<Record<string, Severity>> = {
  too_many_urls: 'error',
  too_many_bytes: 'error',
  malformed_xml: 'error',
  namespace_unknown: 'error',
  url_missing: 'error',
  url_invalid: 'error',
  url_limit: 'notice',
  child_limit: 'notice',
  doctype_ignored: 'notice',
  url_duplicate: 'notice',
  changefreq_invalid: 'notice',
  priority_invalid: 'notice',
}
const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, notice: 2 }

/** What the facts mean. */
export function assessHealth(host: string, files: SitemapFacts, urls: UrlFacts): HealthReport {
  const findings: Finding[] = files.issues.map(({ code, count, examples }) => ({
    code,
    severity: severities[code] ?? 'warning',
    count,
    message: issueCodes[code],
    examples,
  }))
  const add = (code: string, severity: Severity, count: number, message: string, examples: string[] = []): void => {
    if (count > 0) findings.push({ code, severity, count, message, examples })
  }
  const failed = files.failures.filter(({ errorCode }) => errorCode !== 'url_limit' && errorCode !== 'child_limit')
  add(
    'sitemap_failed',
    'error',
    failed.length,
    'A sitemap that is named somewhere could not be read to its end.',
    failed.slice(0, 3).map(({ url, errorCode }) => `${url} (${errorCode})`),
  )
  add('sitemap_empty', 'warning', files.empty.length, 'A sitemap names nothing.', files.empty.slice(0, 3))
  add('lastmod_future', 'warning', urls.futureLastmod, 'A date of change lies in the future.')
  add('lastmod_missing', 'notice', urls.withoutLastmod, 'A URL has no date of change.')
  add('lastmod_old', 'notice', urls.oldLastmod, 'A page has not changed for two years.')
  // A date that is set by building the site says nothing about its pages.
  const dated = urls.urls - urls.withoutLastmod - urls.invalidLastmod
  const isStamped = dated >= 10 && urls.sameLastmod > dated * 0.9
  add('lastmod_same', 'warning', isStamped ? urls.sameLastmod : 0, 'Nearly all dates of change are the same.')
  add('url_insecure', 'warning', urls.insecure, 'A URL is one of http, not https.')
  add('url_in_several', 'notice', urls.inSeveralSitemaps, 'A URL stands in several sitemaps.')
  findings.sort((a, b) => rank[a.severity] - rank[b.severity] || b.count - a.count || (a.code < b.code ? -1 : 1))
  const worst = findings[0]?.severity
  const isNone = Object.values(files.byState).every((count) => count === 0)
  return {
    host,
    verdict: isNone ? 'none' : worst === 'error' ? 'poor' : worst === 'warning' ? 'fair' : 'good',
    sitemaps: files.byState,
    urls,
    findings,
  }
}
