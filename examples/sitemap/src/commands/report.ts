import { formatMs } from '@pooler-safe/example-foundation'
import type { HealthReport } from '../health.ts'
import type { SitemapScan, StoredSitemap } from '../sitemap.ts'

/** Takes what could steer a terminal out of a text that a stranger wrote. */
function inert(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '�')
}

/** The files of a site as a tree, children below the index that names them. */
export function sitemapTree(files: readonly StoredSitemap[]): string {
  const known = new Set(files.map(({ id }) => id))
  const byParent = Map.groupBy(files, ({ parentId }) => (parentId !== null && known.has(parentId) ? parentId : ''))
  const lines: string[] = []
  const visit = (parent: string, indent: string): void => {
    const children = byParent.get(parent) ?? []
    for (const [at, file] of children.entries()) {
      const isLast = at === children.length - 1
      lines.push(`${indent}${isLast ? '└─ ' : '├─ '}${fileLine(file)}`)
      visit(file.id, `${indent}${isLast ? '   ' : '│  '}`)
    }
  }
  visit('', '')
  return lines.map((line) => `${line}\n`).join('')
}

function fileLine(file: StoredSitemap): string {
  const { url, kind, state, urlCount, discoveryMethod, errorCode, error, gzip, issues } = file
  const what = kind === 'index' ? `index of ${urlCount}` : kind === null ? 'not read' : `${urlCount} URLs`
  const problem = errorCode === null ? '' : ` – ${state}: ${errorCode}: ${error ?? ''}`
  const issueText = issues.length === 0 ? '' : ` – ${issues.map(({ code, count }) => `${code} ×${count}`).join(', ')}`
  const notes = [
    kind !== null && kind !== 'index' && kind !== 'urlset' ? kind : '',
    gzip ? 'gzip' : '',
    state === 'unchanged' || state === 'gone' ? state : '',
    discoveryMethod === 'index' ? '' : `by ${discoveryMethod.replace('_', '-')}`,
  ].filter((note) => note !== '')
  return inert(`${url}  ${what}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}${problem}${issueText}`)
}

/** What the scan counted, in one paragraph. */
export function scanSummary(scan: SitemapScan): string {
  const took = scan.startedAt && scan.finishedAt ? scan.finishedAt.getTime() - scan.startedAt.getTime() : undefined
  const lines = [
    `${scan.host}: ${scan.state}${took === undefined ? '' : ` in ${formatMs(took)}`}`,
    `  sitemaps  ${scan.sitemapsRead} read, ${scan.sitemapsUnchanged} unchanged, ${scan.sitemapsFailed} failed`,
    `  URLs      ${scan.urlsFound}, of them ${scan.urlsAdded} new; ${scan.urlsRemoved} removed`,
  ]
  if (scan.answersNonsense) lines.push('  The host answers for any path: nothing was concluded from its answers.')
  if (scan.error !== null) lines.push(inert(`  ${scan.errorCode ?? ''}: ${scan.error}`))
  return `${lines.join('\n')}\n`
}

export function healthText({ verdict, findings, urls }: HealthReport): string {
  const types = Object.entries(urls.byPageType)
    .sort(([, a], [, b]) => b - a)
    .map(([type, count]) => `${type} ${count}`)
  const lines = [
    `health: ${verdict}`,
    ...(types.length === 0 ? [] : [`  pages     ${types.join(', ')}`]),
    ...findings.map(({ severity, code, count, message, examples }) => {
      const example = examples[0] === undefined ? '' : ` Such as ${examples[0]}`
      return inert(`  ${severity.padEnd(8)}  ${code} ×${count}: ${message}${example}`)
    }),
  ]
  return `${lines.join('\n')}\n`
}
