import type { PageFailure } from '../crawl/read-page.ts'
import type { SiteSnapshot } from '../scan-types.ts'

/** What became of one site. */
export type SiteReport = { readonly url: string; readonly scanId?: string | undefined } & (
  | { readonly found: SiteSnapshot; readonly pagesVisited: number; readonly pagesFailed: number }
  | {
      readonly found?: undefined
      readonly failure: Pick<PageFailure, 'code' | 'message'> | { readonly code: string; readonly message: string }
    }
)

/** A report for people. */
export function formatReport(report: SiteReport): string {
  if (!report.found)
    return `${report.url}\n  not read (${printable(report.failure.code)}): ${printable(report.failure.message)}\n`
  const { found, pagesVisited, pagesFailed } = report
  const { metadata, contacts, technologies } = found
  const lines: (readonly [string, string | null | undefined])[] = [
    ['verdict', [found.verdict, ...found.verdictReasons].join('; ')],
    ['home page', found.finalUrl],
    ['title', metadata?.title],
    ['description', metadata?.description],
    ['language', metadata && [metadata.language, metadata.charset].filter(Boolean).join(', ')],
    ['robots', metadata?.metaRobots],
    ['organisation', metadata?.organizations.flatMap(({ name, city }) => [[name, city].filter(Boolean).join(', ')])[0]],
    ...contacts.map(({ kind, network, value, confidence, sourceUrl }) => {
      return [network ?? kind, `${value}  (${Math.round(confidence * 100)} %, ${new URL(sourceUrl).pathname})`] as const
    }),
    ...technologies.map(({ name, version, confidence, category }) => {
      return [category, `${[name, version].filter(Boolean).join(' ')}  (${Math.round(confidence * 100)} %)`] as const
    }),
    ['pages', `${pagesVisited} visited, ${pagesFailed} failed`],
    ['scan', report.scanId],
  ]
  const shown = lines.filter((line): line is readonly [string, string] => Boolean(line[1]))
  const width = Math.max(...shown.map(([name]) => name.length))
  return [report.url, ...shown.map(([name, value]) => `  ${name.padEnd(width)}  ${printable(value)}`)].join('\n') + '\n'
}

/** Text of a site on a terminal: one line, no control character. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 300)
}
