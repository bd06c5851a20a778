import { isId } from '@pooler-safe/example-foundation'
import { type ExportFormat, type StoredUrl } from '@pooler-safe/example-sitemap'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { download } from '../../http/download.ts'
import { given, queryOf } from '../../http/query.ts'
import { badge } from '../../view/badge.ts'
import { csrfField, field, filterForm, select } from '../../view/form.ts'
import { html, nothing } from '../../view/html.ts'
import { empty, pager, table } from '../../view/table.ts'
import { clipped, count, decimal, none, outside } from '../../view/text.ts'
import { when } from '../../view/time.ts'
import { pathOf } from '../scans/tables.ts'
import { scanTabs } from './tabs.ts'

const pageSize = 100

/** `GET /sitemaps/:id/urls`: the URLs of the site with their tags. */
export function urlRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { sitemaps, database } = platform
  app.get('/sitemaps/:id/urls', async (c) => {
    const { tenant, csrf } = c.get('visitor')
    const url = c.get('url')
    const query = queryOf(url)
    const scan = await sitemaps.getSitemapScan(database, tenant, c.req.param('id'))
    const [contains, pageType, tag, removed] = [query('part'), query('type'), query('tag'), query('removed')]
    const after = query('after')
    const filter = given({ contains, pageType, tag, removed: removed === 'yes' ? true : undefined })
    const page = await sitemaps.listSitemapUrls(database, tenant, scan.host, filter, given({ limit: pageSize, after }))
    const list = table<StoredUrl>({
      caption: 'URLs in the order they were found',
      rows: page.items,
      rowId: ({ id }) => `url-${id}`,
      empty: empty('No URL fulfils the filter.'),
      columns: [
        {
          title: '',
          label: 'Select',
          kind: 'tight',
          cell: (row) =>
            html`<input
              type="checkbox"
              name="id"
              value="${row.id}"
              form="bulk"
              aria-label="Select ${pathOf(row.url)}"
            />`,
        },
        { title: 'URL', kind: 'grow', cell: (row) => outside(row.url, pathOf(row.url)) },
        { title: 'Type', kind: 'tight', minor: true, cell: (row) => row.pageType },
        {
          title: 'Tags',
          cell: ({ tags }) =>
            tags.length === 0
              ? none()
              : html`<span class="tags"
                  >${tags.map((one) => html`<a href="/sitemaps/${scan.id}/urls?tag=${encodeURIComponent(one)}"><bdi>${one}</bdi></a>`)}</span
                >`,
        },
        {
          title: 'Changed',
          kind: 'number',
          cell: ({ lastmod, lastmodAt }) => (lastmodAt ? when(lastmodAt) : clipped(lastmod)),
        },
        { title: 'Priority', kind: 'number', minor: true, cell: ({ priority }) => decimal(priority) },
        { title: 'Images', kind: 'number', minor: true, cell: ({ imageCount }) => imageCount },
        {
          title: 'First seen',
          kind: 'number',
          minor: true,
          cell: ({ firstSeen, removedAt }) => (removedAt ? badge('removed') : when(firstSeen)),
        },
      ],
    })
    const bulk = html`<form id="bulk" class="bulk" method="post" action="/sitemaps/${scan.id}/tags" data-bulk>
      ${csrfField(csrf)}<span class="quiet" data-bulk-count>With the selected:</span>
      <label class="sr-only" for="f-new-tag">Tag</label
      ><input id="f-new-tag" name="tag" placeholder="tag" maxlength="50" dir="auto" required />
      <button type="submit" name="action" value="add">Add tag</button
      ><button type="submit" name="action" value="remove">Remove tag</button>
    </form>`
    const body = html`${scanTabs(scan, c.req.path)}
    ${filterForm(
      c.req.path,
      html`${field({ label: 'Contains', name: 'part', type: 'search', value: contains })}
      ${field({ label: 'Type', name: 'type', type: 'search', value: pageType, size: 'short' })}
      ${field({ label: 'Tag', name: 'tag', type: 'search', value: tag, size: 'short' })}
      ${select({
        label: 'Named',
        name: 'removed',
        value: removed,
        choices: [
          ['', 'by a sitemap'],
          ['yes', 'no more'],
        ],
      })}`,
      Object.keys(filter).length > 0,
    )}
    ${list}${page.items.length > 0 ? bulk : nothing}${pager(url, page.next, after === undefined)}`
    const links = html`<span class="links"
      >Export
      ${['csv', 'json', 'ndjson'].map((format) => html` <a href="/sitemaps/${scan.id}/export/${format}" download>${format.toUpperCase()}</a>`)}</span
    >`
    return render(c, { title: scan.host, crumbs: [{ href: '/sitemaps', label: 'Sitemap scans' }], aside: links, body })
  })
  app.get('/sitemaps/:id/export/:format', async (c) => {
    const { tenant } = c.get('visitor')
    const { id, format } = c.req.param()
    const { host } = await sitemaps.getSitemapScan(database, tenant, id)
    const parts = await sitemaps.exportUrls(database, tenant, host, format as ExportFormat, { removed: 'any' })
    return download(c, `urls-${host}`, format, parts)
  })
  app.post('/sitemaps/:id/tags', async (c) => {
    const fields = await form(c)
    const { tenant } = c.get('visitor')
    const { id, host } = await sitemaps.getSitemapScan(database, tenant, c.req.param('id'))
    // Of one value, as an undo names them, or of many boxes.
    const urlIds = fields
      .all('id')
      .flatMap((ids) => ids.split(' '))
      .filter(isId)
    const [tag, action] = [fields.text('tag'), fields.text('action') === 'remove' ? 'remove' : 'add']
    const to = `/sitemaps/${id}/urls`
    if (urlIds.length === 0) return done(c, to, 'No URL was selected.')
    const changed = await sitemaps.tagUrls(database, tenant, host, { urlIds, [action]: [tag] })
    const undo = {
      action: `/sitemaps/${id}/tags`,
      values: { id: urlIds.join(' '), tag, action: action === 'add' ? 'remove' : 'add' },
    }
    // Taking back is exact only when all of them were changed.
    return done(
      c,
      to,
      `${count(changed, 'URL')} changed.`,
      changed === urlIds.length && urlIds.length <= 60 ? undo : undefined,
    )
  })
}
