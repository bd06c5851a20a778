import type { SiteDiff } from '@pooler-safe/example-page-scraper'
import { badge } from '../../view/badge.ts'
import type { Html } from '../../view/html.ts'
import { html } from '../../view/html.ts'
import { section } from '../../view/layout.ts'
import { table, empty } from '../../view/table.ts'
import { clipped, none } from '../../view/text.ts'
import { pathOf } from './tables.ts'

interface Row {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly what: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** What is different from the scan before. */
export function diffSection(diff: SiteDiff): Html {
  const list = table<Row>({
    caption: 'Differences to the scan before',
    rows: rowsOf(diff),
    empty: empty('Nothing has changed since the scan before.'),
    columns: [
      { title: 'Change', kind: 'tight', cell: ({ kind }) => badge(kind) },
      { title: 'What', kind: 'tight', cell: ({ what }) => what },
      { title: 'Before', cell: ({ before }) => (before === undefined ? none() : clipped(before)) },
      {
        title: 'After',
        kind: 'grow',
        cell: ({ after }) => (after === undefined ? none() : html`<b>${clipped(after)}</b>`),
      },
    ],
  })
  return section('Changes since the scan before', list)
}

function rowsOf({ changes, contacts, technologies, pages }: SiteDiff): Row[] {
  const added = (what: string, list: readonly string[]): Row[] =>
    list.map((after) => ({ kind: 'added', what, before: undefined, after }))
  const removed = (what: string, list: readonly string[]): Row[] =>
    list.map((before) => ({ kind: 'removed', what, before, after: undefined }))
  return [
    ...changes.map(({ field, before, after }): Row => ({
      kind: 'changed',
      what: field,
      before: shown(before),
      after: shown(after),
    })),
    ...added(
      'contact',
      contacts.added.map(({ value }) => value),
    ),
    ...removed(
      'contact',
      contacts.removed.map(({ value }) => value),
    ),
    ...added('technology', technologies.added),
    ...removed('technology', technologies.removed),
    ...technologies.upgraded.map(({ name, before, after }): Row => ({ kind: 'changed', what: name, before, after })),
    ...added('page', pages.added.map(pathOf)),
    ...removed('page', pages.removed.map(pathOf)),
    ...pages.changed.map((url): Row => ({ kind: 'changed', what: 'page', before: pathOf(url), after: pathOf(url) })),
  ]
}

function shown(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
