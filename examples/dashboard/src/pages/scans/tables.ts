import type { KnownContact, KnownTechnology, ScannedPage } from '@pooler-safe/example-page-scraper'
import { badge, type Tone } from '../../view/badge.ts'
import { html, type Html } from '../../view/html.ts'
import { empty, table } from '../../view/table.ts'
import { bytes, clipped, foreign, none, number, outside, percent } from '../../view/text.ts'
import { when } from '../../view/time.ts'

export function pageTable(pages: readonly ScannedPage[]): Html {
  return table<ScannedPage>({
    caption: 'Pages in the order they were visited',
    rows: pages,
    empty: empty('No page was read.'),
    columns: [
      { title: 'Page', cell: ({ url }) => outside(url, pathOf(url)) },
      { title: 'Kind', kind: 'tight', minor: true, cell: ({ kind }) => kind },
      {
        title: 'Status',
        kind: 'number',
        cell: ({ status, errorCode }) =>
          status === null
            ? badge('failed', errorCode ?? 'failed')
            : html`<span class="${toneOfStatus(status)} tinted">${status}</span>`,
      },
      { title: 'Title', kind: 'grow', cell: ({ title, error }) => clipped(error ?? title) },
      { title: 'Words', kind: 'number', minor: true, cell: ({ words }) => number(words) },
      { title: 'Size', kind: 'number', minor: true, cell: (page) => bytes(page.bytes) },
      { title: 'ms', kind: 'number', minor: true, cell: ({ ms }) => number(ms) },
    ],
  })
}

export function contactTable(contacts: readonly KnownContact[]): Html {
  return table<KnownContact>({
    caption: 'Contacts, with where they were read',
    rows: contacts,
    empty: empty(
      'No contact was found.',
      'E-mail addresses, phone numbers and profiles stand here, each with its source.',
    ),
    columns: [
      { title: 'Kind', kind: 'tight', cell: ({ kind, network }) => network ?? kind },
      {
        title: 'Contact',
        cell: ({ value, kind }) => (kind === 'social' ? outside(value) : html`<b>${clipped(value)}</b>`),
      },
      { title: 'Sure', kind: 'number', cell: ({ confidence }) => (confidence === null ? none() : percent(confidence)) },
      { title: 'Read as', kind: 'tight', minor: true, cell: ({ method }) => method },
      { title: 'Where', cell: ({ sourceUrl }) => outside(sourceUrl, sourceUrl === null ? null : pathOf(sourceUrl)) },
      { title: 'What stands around it', kind: 'grow', minor: true, cell: ({ snippet }) => clipped(snippet) },
      { title: 'Gone', kind: 'number', minor: true, cell: ({ missingSince }) => when(missingSince) },
    ],
  })
}

export function technologyTable(technologies: readonly KnownTechnology[]): Html {
  return table<KnownTechnology>({
    caption: 'Technologies, with what points to them',
    rows: technologies,
    empty: empty('No technology was recognised.'),
    columns: [
      { title: 'Technology', cell: ({ name }) => html`<b>${clipped(name)}</b>` },
      { title: 'Version', kind: 'tight', cell: ({ version }) => (version === null ? none() : foreign(version)) },
      { title: 'Category', kind: 'tight', minor: true, cell: ({ category }) => category },
      { title: 'Sure', kind: 'number', cell: ({ confidence }) => (confidence === null ? none() : percent(confidence)) },
      { title: 'Evidence', kind: 'grow', cell: ({ evidence }) => clipped(evidence?.join(' · ')) },
      { title: 'Gone', kind: 'number', minor: true, cell: ({ missingSince }) => when(missingSince) },
    ],
  })
}

function toneOfStatus(status: number): Tone {
  return status < 300 ? 'good' : status < 400 ? 'mixed' : 'bad'
}

/** A page of a site whose name stands above: its path. */
export function pathOf(url: string): string {
  if (!URL.canParse(url)) return url
  const { pathname, search } = new URL(url)
  return pathname + search
}
