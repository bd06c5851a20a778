import { batchStates, type Batch } from '@pooler-safe/example-batch-processor'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { given, oneOf, queryOf } from '../../http/query.ts'
import { listTopics } from '../../live/topics.ts'
import { badge } from '../../view/badge.ts'
import { shareBar } from '../../view/chart.ts'
import { html } from '../../view/html.ts'
import { live } from '../../view/layout.ts'
import { stateFilter } from '../../view/state-filter.ts'
import { empty, pager, table } from '../../view/table.ts'
import { clipped, number } from '../../view/text.ts'
import { took, when } from '../../view/time.ts'
import { partsOf } from './counts.ts'

const pageSize = 25

/** `GET /batches`: the batches of the tenant, newest first. */
export function batchListRoutes(app: Hono<DashboardEnv>, { platform, render }: PageTools): void {
  const { batches, database } = platform
  app.get('/batches', async (c) => {
    const url = c.get('url')
    const query = queryOf(url)
    const [state, after] = [oneOf(batchStates, query('state')), query('after')]
    const page = await batches.listBatches(
      database,
      c.get('visitor').tenant,
      given({ state }),
      given({ limit: pageSize, after }),
    )
    const list = table<Batch>({
      caption: 'Batches, newest first',
      rows: page.items,
      rowId: ({ id }) => `batch-${id}`,
      empty:
        state === undefined
          ? empty(
              'There are no batches yet.',
              html`<a href="/batches/new">Make one</a> from a list of sites or a CSV file.`,
            )
          : empty(`No batch is ${state}.`, html`<a href="/batches">Show all batches</a>`),
      columns: [
        {
          title: 'Batch',
          kind: 'grow',
          cell: ({ id, name }) =>
            html`<a class="strong" href="/batches/${id}"
              >${name === null ? `Batch …${id.slice(-8)}` : clipped(name)}</a
            >`,
        },
        { title: 'State', kind: 'tight', cell: (batch) => badge(batch.state) },
        {
          title: 'Items by state',
          cell: ({ counts }) => html`<div class="cell-bar">${shareBar(partsOf(counts), 'Items')}</div>`,
        },
        { title: 'Items', kind: 'number', cell: ({ counts }) => number(counts.total) },
        { title: 'Succeeded', kind: 'number', minor: true, cell: ({ counts }) => number(counts.succeeded) },
        { title: 'Failed', kind: 'number', minor: true, cell: ({ counts }) => number(counts.failed) },
        {
          title: 'Took',
          kind: 'number',
          minor: true,
          cell: ({ startedAt, finishedAt }) => took(startedAt, finishedAt),
        },
        { title: 'Created', kind: 'number', cell: ({ createdAt }) => when(createdAt) },
      ],
    })
    return render(c, {
      title: 'Batches',
      aside: html`<a class="button primary" href="/batches/new">New batch</a>`,
      body: html`${stateFilter(url, batchStates, undefined, state)}
      ${live(listTopics('batch', page.items), after !== undefined, html`${list}${pager(url, page.next, after === undefined)}`)}`,
    })
  })
}
