import { extractPage, type PageExtraction } from '../../src/extract/extract-page.ts'

export interface PageOptions {
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
}

/** What is read out of HTML that a test wrote. */
export function extract(
  html: string | Uint8Array,
  { url = 'https://www.bakery.at/', headers = {} }: PageOptions = {},
): PageExtraction {
  const bytes = typeof html === 'string' ? Buffer.from(html) : html
  const list = (Array.isArray(headers) ? headers : Object.entries(headers)) as [string, string][]
  const given = new Headers(list)
  if (!given.has('content-type')) given.set('content-type', 'text/html')
  return extractPage({ url, bytes, headers: given })
}

export function valuesOf(page: PageExtraction, kind: string): string[] {
  return page.contacts.filter((contact) => contact.kind === kind).map(({ value }) => value)
}
