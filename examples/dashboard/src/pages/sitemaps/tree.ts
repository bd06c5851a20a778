import type { StoredSitemap } from '@pooler-safe/example-sitemap'
import { badge } from '../../view/badge.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { empty } from '../../view/table.ts'
import { bytes, clipped, count, outside } from '../../view/text.ts'
import { pathOf } from '../scans/tables.ts'

/** The files of a site as a tree: what an index names is below it. */
export function sitemapTree(files: readonly StoredSitemap[]): Html {
  if (files.length === 0) return empty('No sitemap was found.')
  const known = new Set(files.map(({ id }) => id))
  const children = Map.groupBy(files, ({ parentId }) => (parentId !== null && known.has(parentId) ? parentId : ''))
  const shown = new Set<string>()
  const branch = (parent: string): Html => {
    const list = (children.get(parent) ?? []).filter(({ id }) => !shown.has(id))
    if (list.length === 0) return nothing
    for (const { id } of list) shown.add(id)
    return html`<ul>
      ${list.map((file) => html`<li>${line(file)}${branch(file.id)}</li>`)}
    </ul>`
  }
  return html`<div class="tree">${branch('')}</div>`
}

function line({
  url,
  state,
  kind,
  urlCount,
  discoveryMethod,
  gzip,
  error,
  errorCode,
  issues,
  ...file
}: StoredSitemap): Html {
  const wrong = issues.reduce((sum, { count }) => sum + count, 0)
  return html`<div class="tree-line">
    ${badge(state)} <span class="tree-url">${outside(url, pathOf(url))}</span>
    <span class="quiet"
      >${kind ?? ''}${gzip ? ', gzip' : ''}${discoveryMethod === 'index' ? '' : ` · found by ${discoveryMethod.replace('_', ' ')}`}</span
    >
    ${wrong > 0 ? html`<span class="badge mixed">${count(wrong, 'note')}</span>` : nothing}
    ${error === null ? nothing : html`<span class="tree-error"><b>${errorCode}</b> ${clipped(error)}</span>`}
    <span class="num tree-count">${urlCount.toLocaleString('en')} <small>${bytes(file.bytes)}</small></span>
  </div>`
}
