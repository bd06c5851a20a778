import { exportFormats, itemStates, type BatchState, type BatchStatus } from '@pooler-safe/example-batch-processor'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { given, numberOf, oneOf, queryOf } from '../../http/query.ts'
import { bars, figures, legend, shareBar } from '../../view/chart.ts'
import { actionButton } from '../../view/form.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { live, section, titleState } from '../../view/layout.ts'
import { stateFilter } from '../../view/state-filter.ts'
import { facts, pager, withQuery } from '../../view/table.ts'
import { count, decimal, id as idText, percent } from '../../view/text.ts'
import { duration, when } from '../../view/time.ts'
import { partsOf } from './counts.ts'
import { itemTable } from './item-table.ts'

const pageSize = 100
const running: readonly BatchState[] = ['queued', 'running', 'paused']

/** `GET /batches/:id` and what can be done with one batch. */
export function batchRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { batches, database } = platform
  app.get('/batches/:id', async (c) => {
    const { tenant, csrf } = c.get('visitor')
    const url = c.get('url')
    const query = queryOf(url)
    const [state, errorCode] = [oneOf(itemStates, query('state')), query('error')]
    const after = numberOf(query('after'))
    const batch = await batches.getBatchStatus(
      database,
      tenant,
      c.req.param('id'),
      given({ limit: pageSize, after }),
      given({ state, errorCode }),
    )
    const items = html`${stateFilter(url, itemStates, batch.counts, state)}
    ${
      errorCode === undefined
        ? nothing
        : html`<p class="quiet">
            Only items with the error <b><bdi>${errorCode}</bdi></b
            >. <a href="${withQuery(url, { error: undefined, after: undefined })}">All</a>
          </p>`
    }
    ${itemTable(batch.items.items, batch.counts.total > 0)} ${pager(url, batch.items.next, after === undefined)}`
    const body = live(
      `batch:${batch.id}`,
      !running.includes(batch.state),
      html`${head(batch, csrf)}${errors(batch, url, csrf)}${section('Items', items, exportLinks(batch.id))}${settings(batch)}`,
    )
    return render(c, {
      title: batch.name ?? `Batch of ${count(batch.counts.total, 'item')}`,
      crumbs: [{ href: '/batches', label: 'Batches' }],
      aside: idText(batch.id),
      body,
    })
  })
  const steps = [
    ['pause', 'The batch is paused: items that run go on to their end.', batches.pauseBatch.bind(batches)],
    ['resume', 'The batch goes on.', batches.resumeBatch.bind(batches)],
    ['cancel', 'The batch is cancelled: what was achieved stays.', batches.cancelBatch.bind(batches)],
  ] as const
  for (const [step, said, change] of steps) {
    app.post(`/batches/:id/${step}`, async (c) => {
      await form(c)
      const { id } = await change(database, c.get('visitor').tenant, c.req.param('id'))
      return done(c, `/batches/${id}`, said)
    })
  }
  app.post('/batches/:id/retry', async (c) => {
    const fields = await form(c)
    const options = given({ errorCode: fields.optional('errorCode') })
    const { id } = await batches.retryFailedItems(database, c.get('visitor').tenant, c.req.param('id'), options)
    return done(c, `/batches/${id}`, 'The failed items are run again.')
  })
}

function head(batch: BatchStatus, csrf: string): Html {
  const { id, state, counts, progress, elapsedMs, itemsPerSecond, etaMs, lines } = batch
  const parts = partsOf(counts)
  const left = lines.invalid + lines.duplicate
  return html`<div class="toolbar">${titleState(state)}${actions(batch, csrf)}</div>
    ${shareBar(parts, 'Items by state')}${legend(parts)}
    ${figures([
      {
        label: 'Done',
        value: percent(progress),
        note: `${(counts.total - counts.queued - counts.running).toLocaleString('en')} of ${count(counts.total, 'item')}`,
      },
      { label: 'Elapsed', value: duration(elapsedMs), note: 'without pauses' },
      { label: 'Rate', value: decimal(itemsPerSecond), note: 'items a second' },
      { label: 'Left', value: etaMs === null ? '–' : duration(etaMs), note: 'at this rate' },
      {
        label: 'Rejected lines',
        value: left.toLocaleString('en'),
        note:
          left === 0
            ? 'every line became an item'
            : html`<a href="/batches/${id}/rejected">${lines.invalid} invalid, ${lines.duplicate} duplicate</a>`,
      },
    ])}`
}

function actions({ id, state, counts, cancelRequestedAt }: BatchStatus, csrf: string): Html {
  const button = (step: string, text: string, kind: 'primary' | 'danger' | 'plain', confirm?: string): Html =>
    actionButton({ action: `/batches/${id}/${step}`, csrf, text, kind, ...given({ confirm }) })
  const isOpen = running.includes(state)
  return html` ${isOpen && state !== 'paused' ? button('pause', 'Pause', 'plain') : nothing}
  ${state === 'paused' ? button('resume', 'Resume', 'primary') : nothing}
  ${isOpen && !cancelRequestedAt ? button('cancel', 'Cancel', 'danger', 'Cancel this batch? Items that wait are not run; what was achieved stays.') : nothing}
  ${counts.failed > 0 && !(isOpen && cancelRequestedAt) ? button('retry', `Retry ${count(counts.failed, 'failed item')}`, isOpen ? 'plain' : 'primary') : nothing}`
}

function errors({ topErrors, id, counts }: BatchStatus, url: URL, csrf: string): Html {
  if (topErrors.length === 0) return nothing
  const rows = topErrors.map(({ errorCode, items }) => ({
    label: html`<a href="${withQuery(url, { state: 'failed', error: errorCode, after: undefined })}"
      ><bdi>${errorCode}</bdi></a
    >`,
    value: items,
    tone: 'bad' as const,
  }))
  const [worst] = topErrors
  const retry =
    worst && topErrors.length > 1 && counts.failed > 0
      ? actionButton({
          action: `/batches/${id}/retry`,
          csrf,
          text: `Retry only ${worst.errorCode}`,
          values: { errorCode: worst.errorCode },
        })
      : nothing
  return section('Errors by class', bars(rows), retry)
}

function exportLinks(id: string): Html {
  return html`<span class="links"
    >Export
    ${exportFormats.map((format) => html` <a href="/batches/${id}/export/${format}" download>${format.toUpperCase()}</a>`)}</span
  >`
}

function settings(batch: BatchStatus): Html {
  return section(
    'Settings',
    facts([
      ['What is done', batch.kind],
      [
        'At the same time',
        html`<span class="num">${batch.maxConcurrent}</span>, of one domain
          <span class="num">${batch.maxPerDomain}</span>`,
      ],
      ['Attempts', html`<span class="num">${batch.maxAttempts}</span>`],
      ['Time for one item', duration(batch.itemTimeoutMs)],
      ['Round', html`<span class="num">${batch.round}</span>`],
      ['Created', when(batch.createdAt)],
      ['Started', when(batch.startedAt)],
      ['Finished', when(batch.finishedAt)],
      ['Job', batch.jobId === null ? null : html`<a href="/jobs/${batch.jobId}">…${batch.jobId.slice(-8)}</a>`],
    ]),
  )
}
