import { ServiceError } from '@pooler-safe/example-foundation'
import type { HealthReport, SitemapScan, StoredSitemap } from '@pooler-safe/example-sitemap'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { badge, toneOf } from '../../view/badge.ts'
import { bars, figures, legend, shareBar } from '../../view/chart.ts'
import { actionButton } from '../../view/form.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { live, section, titleState } from '../../view/layout.ts'
import { empty, table } from '../../view/table.ts'
import { clipped, id as idText, number } from '../../view/text.ts'
import { took, when } from '../../view/time.ts'
import { scanTabs } from './tabs.ts'
import { sitemapTree } from './tree.ts'

const filesShown = 500

/** `GET /sitemaps/:id`: how a scan went, how well the sitemaps of the site are, and which there are. */
export function sitemapRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { sitemaps, jobs, database } = platform
  app.get('/sitemaps/:id', async (c) => {
    const { tenant, csrf } = c.get('visitor')
    const scan = await sitemaps.getSitemapScan(database, tenant, c.req.param('id'))
    const [files, health] = await Promise.all([
      sitemaps.listSitemaps(database, tenant, scan.host, { limit: filesShown }),
      healthOf(() => sitemaps.healthReport(database, tenant, scan.host)),
    ])
    return render(c, {
      title: scan.host,
      crumbs: [{ href: '/sitemaps', label: 'Sitemap scans' }],
      aside: idText(scan.id),
      body: html`${scanTabs(scan, c.req.path)}${live(`sitemap-scan:${scan.id}`, isOver(scan), scanBody(scan, files.items, files.next !== undefined, health, csrf))}`,
    })
  })
  app.post('/sitemaps/:id/again', async (c) => {
    await form(c)
    const { tenant } = c.get('visitor')
    const { url, maxUrls } = await sitemaps.getSitemapScan(database, tenant, c.req.param('id'))
    const { scanId } = await sitemaps.initiateSitemapScan(database, tenant, { url, maxUrls })
    return done(c, `/sitemaps/${scanId}`, 'The sitemaps are scanned again.')
  })
  app.post('/sitemaps/:id/cancel', async (c) => {
    await form(c)
    const { tenant } = c.get('visitor')
    const { id, jobId } = await sitemaps.getSitemapScan(database, tenant, c.req.param('id'))
    if (jobId !== null) await jobs.cancelJob(database, tenant, jobId)
    return done(c, `/sitemaps/${id}`, 'The scan was told to stop.')
  })
}

/** A site whose first scan has found nothing yet has no report. */
async function healthOf(read: () => Promise<HealthReport>): Promise<HealthReport | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ServiceError) return undefined
    throw error
  }
}

function isOver({ state }: SitemapScan): boolean {
  return state !== 'queued' && state !== 'running'
}

function scanBody(
  scan: SitemapScan,
  files: readonly StoredSitemap[],
  isCut: boolean,
  health: HealthReport | undefined,
  csrf: string,
): Html {
  const { id, state, error, errorCode, answersNonsense, jobId } = scan
  const button = isOver(scan)
    ? actionButton({ action: `/sitemaps/${id}/again`, csrf, text: 'Scan again', kind: 'primary' })
    : actionButton({
        action: `/sitemaps/${id}/cancel`,
        csrf,
        text: 'Cancel',
        kind: 'danger',
        confirm: 'Cancel this scan?',
      })
  return html`<div class="toolbar">
      ${titleState(state)}${button}${jobId === null ? nothing : html`<a class="button" href="/jobs/${jobId}">Job</a>`}
    </div>
    ${
      error === null
        ? nothing
        : html`<div class="problem">
            <p><b>${errorCode}</b> <bdi>${error}</bdi></p>
          </div>`
    }
    ${answersNonsense ? html`<p class="notice">This host answers for paths that nobody made: an answer proves nothing here.</p>` : nothing}
    ${isOver(scan) ? nothing : progress(scan)}
    ${figures([
      { label: 'URLs', value: number(scan.urlsFound), note: `at most ${scan.maxUrls.toLocaleString('en')}` },
      { label: 'Added', value: number(scan.urlsAdded), ...(scan.urlsAdded > 0 ? { tone: 'good' as const } : {}) },
      { label: 'Removed', value: number(scan.urlsRemoved), ...(scan.urlsRemoved > 0 ? { tone: 'bad' as const } : {}) },
      {
        label: 'Files read',
        value: number(scan.sitemapsRead),
        note: `${scan.sitemapsUnchanged} unchanged, ${scan.sitemapsFailed} failed`,
      },
      { label: 'Took', value: took(scan.startedAt, scan.finishedAt), note: when(scan.finishedAt) },
    ])}
    ${health ? healthSections(health) : nothing}
    ${section('Sitemaps', html`${sitemapTree(files)}${isCut ? html`<p class="quiet">The first ${filesShown} files.</p>` : nothing}`)}`
}

function progress({ progressDone, progressTotal }: SitemapScan): Html {
  if (progressTotal === null || progressTotal === 0) return html`<p class="quiet">Looking for sitemaps …</p>`
  const parts = [
    { label: 'files done', value: progressDone, tone: 'active' as const },
    { label: 'files to be read', value: progressTotal - progressDone, tone: 'waiting' as const },
  ]
  return html`${shareBar(parts, 'Files')}${legend(parts)}`
}

function healthSections({ verdict, findings, urls }: HealthReport): Html {
  if (urls.urls + urls.removed === 0 && findings.length === 0) return nothing
  const dated = urls.urls - urls.withoutLastmod - urls.invalidLastmod
  const dates = [
    { label: 'with a date of change', value: dated, tone: 'good' as const },
    { label: 'without one', value: urls.withoutLastmod, tone: 'waiting' as const },
    { label: 'with one that is none', value: urls.invalidLastmod, tone: 'bad' as const },
  ]
  const types = Object.entries(urls.byPageType)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 12)
    .map(([type, value]) => ({ label: type, value }))
  const list = table<HealthReport['findings'][number]>({
    caption: 'Findings, the worst first',
    rows: findings,
    empty: empty('Nothing is wrong with these sitemaps.'),
    columns: [
      { title: 'Severity', kind: 'tight', cell: ({ severity }) => badge(severity) },
      { title: 'Count', kind: 'number', cell: ({ count }) => number(count) },
      { title: 'Finding', kind: 'grow', cell: ({ message }) => message },
      { title: 'Example', minor: true, cell: ({ examples }) => clipped(examples[0]) },
    ],
  })
  return html`${section(
    'Coverage',
    html`<div class="columns">
      <div>
        <h3>Dates of change</h3>
        ${shareBar(dates, 'Dates of change')}${legend(dates)}
      </div>
      <div>
        <h3>Kinds of pages</h3>
        ${bars(types)}
      </div>
    </div>`,
  )}
  ${section('Health', list, badge(verdict, verdict, toneOf(verdict)))}`
}
