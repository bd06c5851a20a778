/** What can be wrong with a sitemap without making it unreadable; the text says what that means. */
export const issueCodes = {
  too_many_urls: 'The file has more than 50,000 entries: search engines ignore the rest.',
  too_many_bytes: 'The file has more than 50 MB without compression: search engines refuse it.',
  malformed_xml: 'The file is not well-formed XML; what could be read was.',
  encoding_invalid: 'Some bytes are not text in the encoding of the file.',
  doctype_ignored: 'The file has a document type. It is not read, nor is any entity it declares.',
  namespace_missing: 'The root element has no namespace.',
  namespace_unknown: 'The root element has a namespace that sitemaps do not use.',
  element_misplaced: 'An index lists pages, or a list of pages names sitemaps.',
  url_missing: 'An entry has no URL.',
  url_invalid: 'A URL cannot be used: it is malformed or neither http nor https.',
  url_relative: 'A URL is relative; it was resolved against the address of the file.',
  url_too_long: 'A URL has more than 2,048 characters.',
  url_duplicate: 'A URL stands in the file more than once.',
  url_other_site: 'A URL belongs to another site. It was not stored.',
  lastmod_invalid: 'A date of change is not a date.',
  changefreq_invalid: 'A frequency of change is none of the seven words.',
  priority_invalid: 'A priority is not a number from 0 to 1.',
  child_other_site: 'An index names a sitemap of another site. It was not fetched.',
  child_repeated: 'A sitemap is named again: by itself, by one below it, or twice.',
  child_too_deep: 'Indexes are nested too deep. The sitemap was not fetched.',
  child_limit: 'The site has more sitemaps than a scan reads.',
  url_limit: 'The scan has reached its number of URLs. The rest of the file was not read.',
} as const

export type IssueCode = keyof typeof issueCodes

export interface Issue {
  readonly code: IssueCode
  readonly count: number
  /** Some of the values that are wrong. */
  readonly examples: readonly string[]
}

const examplesKept = 3
const exampleLength = 200

/** Counts what is wrong, and keeps a few examples of each: as much memory for one as for a million. */
export class Issues {
  readonly #found = new Map<IssueCode, { count: number; readonly examples: string[] }>()

  add(code: IssueCode, example?: string, count = 1): void {
    const known = this.#found.get(code)
    const entry = known ?? { count: 0, examples: [] }
    if (!known) this.#found.set(code, entry)
    entry.count += count
    if (example === undefined || entry.examples.length >= examplesKept) return
    // A slice would keep the whole text alive that it is a part of.
    const text = Buffer.from(example.slice(0, exampleLength)).toString().replaceAll('\0', '�')
    if (!entry.examples.includes(text)) entry.examples.push(text)
  }

  has(code: IssueCode): boolean {
    return this.#found.has(code)
  }

  list(): Issue[] {
    return [...this.#found].map(([code, { count, examples }]) => ({ code, count, examples: [...examples] }))
  }
}
