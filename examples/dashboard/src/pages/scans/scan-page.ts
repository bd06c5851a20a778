import { ServiceError } from '@pooler-safe/example-foundation'
import { isFinal } from '@pooler-safe/example-job-service'
import type { ScanDetails, SiteDiff } from '@pooler-safe/example-page-scraper'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { figures } from '../../view/chart.ts'
import { actionButton } from '../../view/form.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { live, section, titleState } from '../../view/layout.ts'
import { badge } from '../../view/badge.ts'
import { empty, facts } from '../../view/table.ts'
import { bytes, clipped, foreign, id as idText, number, outside } from '../../view/text.ts'
import { took, when } from '../../view/time.ts'
import { diffSection } from './diff.ts'
import { contactTable, pageTable, technologyTable } from './tables.ts'

/** `GET /scans/:id`: what one scan of a site found. */
export function scanRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { pages, jobs, database } = platform
  app.get('/scans/:id', async (c) => {
    const { tenant, csrf } = c.get('visitor')
    const details = await pages.getScan(database, tenant, c.req.param('id'))
    const { scan } = details
    const diff =
      scan.previousScanId === null
        ? undefined
        : await diffOf(() => pages.diffScans(database, tenant, { scanId: scan.id }))
    return render(c, {
      title: scan.host,
      crumbs: [{ href: '/scans', label: 'Domain scans' }],
      aside: idText(scan.id),
      body: live(`scan:${scan.id}`, isFinal(scan.state), scanBody(details, diff, csrf)),
    })
  })
  app.post('/scans/:id/again', async (c) => {
    await form(c)
    const { tenant } = c.get('visitor')
    const { scan } = await pages.getScan(database, tenant, c.req.param('id'))
    const { scanId } = await pages.initiateDomainScan(database, tenant, { url: scan.url, maxPages: scan.maxPages })
    return done(c, `/scans/${scanId}`, 'The site is scanned again.')
  })
  app.post('/scans/:id/cancel', async (c) => {
    await form(c)
    const { tenant } = c.get('visitor')
    const { scan } = await pages.getScan(database, tenant, c.req.param('id'))
    // The scan of an item ends with its batch.
    if (scan.jobId === null)
      return done(c, `/batches/${scan.batchId ?? ''}`, 'Cancel the batch to stop the scans of its items.')
    await jobs.cancelJob(database, tenant, scan.jobId)
    return done(c, `/scans/${scan.id}`, 'The scan was told to stop.')
  })
}

/** What an earlier scan found may have been tidied up. */
async function diffOf(read: () => Promise<SiteDiff>): Promise<SiteDiff | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ServiceError) return undefined
    throw error
  }
}

function scanBody(
  { scan, domain, pages, contacts, technologies }: ScanDetails,
  diff: SiteDiff | undefined,
  csrf: string,
): Html {
  const isOver = isFinal(scan.state)
  const cancel = (): Html =>
    scan.jobId === null
      ? nothing
      : actionButton({
          action: `/scans/${scan.id}/cancel`,
          csrf,
          text: 'Cancel',
          kind: 'danger',
          confirm: 'Cancel this scan?',
        })
  const button = isOver
    ? actionButton({ action: `/scans/${scan.id}/again`, csrf, text: 'Scan again', kind: 'primary' })
    : cancel()
  const worker =
    scan.jobId === null
      ? html`<a class="button" href="/batches/${scan.batchId ?? ''}">Batch</a>`
      : html`<a class="button" href="/jobs/${scan.jobId}">Job</a>`
  const found = figures([
    {
      label: 'Verdict',
      value: scan.verdict === null ? '–' : badge(scan.verdict),
      ...(domain.verdictReasons?.length ? { note: foreign(domain.verdictReasons.join(', '), 120) } : {}),
    },
    { label: 'Pages', value: number(scan.pagesVisited), note: `${scan.pagesFailed} failed, at most ${scan.maxPages}` },
    { label: 'Contacts', value: number(contacts.filter(({ missingSince }) => missingSince === null).length) },
    { label: 'Technologies', value: number(technologies.filter(({ missingSince }) => missingSince === null).length) },
    { label: 'Took', value: took(scan.startedAt, scan.finishedAt), note: bytes(scan.bytes) },
  ])
  return html`<div class="toolbar">${titleState(scan.state)}${button}${worker}</div>
    ${
      scan.error === null
        ? nothing
        : html`<div class="problem">
            <p><b>${scan.errorCode}</b> <bdi>${scan.error}</bdi></p>
          </div>`
    }
    ${isOver || pages.length > 0 ? found : empty('The scan is under way.', 'What it finds shows here by itself.')}
    ${domain.lastScanId === null ? nothing : metadata(domain)} ${diff ? diffSection(diff) : nothing}
    ${pages.length > 0 || isOver ? section('Pages', pageTable(pages)) : nothing}
    ${section('Contacts', contactTable(contacts))} ${section('Technologies', technologyTable(technologies))}`
}

function metadata(domain: ScanDetails['domain']): Html {
  const organizations = domain.organizations?.map(({ name }) => name).filter((name) => name !== undefined) ?? []
  return section(
    'What it says about itself',
    facts([
      ['Title', foreign(domain.title)],
      ['Description', foreign(domain.description)],
      ['First heading', foreign(domain.h1?.join(' · '))],
      ['Language', foreign(domain.language)],
      ['Address', outside(domain.finalUrl)],
      ['Canonical', outside(domain.canonical)],
      ['Generator', foreign(domain.generator)],
      ['Organisation', foreign(organizations.join(', '))],
      ['Types of JSON-LD', clipped(domain.schemaTypes?.join(', '))],
      ['Words', number(domain.words)],
      ['Links', html`${number(domain.linksInternal)} inside, ${number(domain.linksExternal)} outside`],
      ['Scanned', when(domain.scannedAt)],
    ]),
  )
}
