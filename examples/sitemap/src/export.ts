import type { StoredUrl } from './sitemap.ts'

export const exportFormats = ['csv', 'json', 'ndjson'] as const
export type ExportFormat = (typeof exportFormats)[number]

const columns = [
  'url',
  'lastmod',
  'lastmodValid',
  'changefreq',
  'priority',
  'imageCount',
  'videoCount',
  'newsCount',
  'hreflangCount',
  'pageType',
  'tags',
  'firstSeen',
  'lastSeen',
  'removedAt',
] as const satisfies readonly (keyof StoredUrl)[]

/** Writes URLs as they come, page by page. */
export async function* writeUrls(
  format: ExportFormat,
  pages: AsyncIterable<readonly StoredUrl[]>,
): AsyncGenerator<string, void, undefined> {
  if (format === 'csv') yield `${columns.join(',')}\r\n`
  if (format === 'json') yield '['
  let isFirst = true
  for await (const page of pages) {
    if (page.length === 0) continue
    if (format === 'csv') yield page.map(csvLine).join('')
    else if (format === 'ndjson') yield page.map((url) => `${JSON.stringify(plain(url))}\n`).join('')
    else {
      yield (isFirst ? '\n' : ',\n') + page.map((url) => JSON.stringify(plain(url))).join(',\n')
    }
    isFirst = false
  }
  if (format === 'json') yield '\n]\n'
}

function plain(url: StoredUrl): Partial<StoredUrl> {
  return Object.fromEntries(columns.map((column) => [column, url[column]]))
}

function csvLine(url: StoredUrl): string {
  return `${columns.map((column) => csvField(url[column])).join(',')}\r\n`
}

function csvField(value: StoredUrl[(typeof columns)[number]]): string {
  if (value === null) return ''
  const text = value instanceof Date ? value.toISOString() : Array.isArray(value) ? value.join(' ') : String(value)
  // A spreadsheet takes a text that begins like this for a formula, and this text is a stranger's.
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
