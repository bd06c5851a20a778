import { explain, ServiceError, type Page } from '@pooler-safe/example-foundation'
import { isFinal, jobStates, type Job, type JobFilter } from '@pooler-safe/example-job-service'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { given, oneOf, queryOf } from '../../http/query.ts'
import { listTopics } from '../../live/topics.ts'
import { badge } from '../../view/badge.ts'
import { csrfField, field, filterForm, problem, select } from '../../view/form.ts'
import { attributes, html, nothing, type Html } from '../../view/html.ts'
import { live } from '../../view/layout.ts'
import { stateFilter } from '../../view/state-filter.ts'
import { empty, pager, table } from '../../view/table.ts'
import { clipped, none, percent } from '../../view/text.ts'
import { took, when } from '../../view/time.ts'

const pageSize = 50

/** `GET /jobs`: the jobs of the tenant, newest first. */
export function jobListRoutes(app: Hono<DashboardEnv>, { platform, render }: PageTools): void {
  const { jobs, database } = platform
  app.get('/jobs', async (c) => {
    const { tenant, csrf } = c.get('visitor')
    const url = c.get('url')
    const query = queryOf(url)
    const [state, after] = [oneOf(jobStates, query('state')), query('after')]
    const [type, domain] = [query('type'), query('domain')]
    const filter: JobFilter = given({ state, type, domain })
    const [counts, listed] = await Promise.all([
      jobs.countJobs(database, tenant),
      listOrProblem(() => jobs.listJobs(database, tenant, filter, given({ limit: pageSize, after }))),
    ])
    const { items, next } = listed.page
    const fields = html`${state === undefined ? nothing : html`<input type="hidden" name="state" value="${state}" />`}
    ${select({ label: 'Type', name: 'type', value: type, choices: [['', 'All types'], ...jobs.types.keys()] })}
    ${field({ label: 'Site', name: 'domain', type: 'search', value: domain, placeholder: 'example.com' })}`
    const body = html` ${stateFilter(url, jobStates, counts, state)}
    ${filterForm('/jobs', fields, type !== undefined || domain !== undefined)} ${problem(listed.problem)}
    ${live(
      listTopics('job', items),
      after !== undefined,
      html`${jobTable(items, csrf, Object.keys(filter).length > 0)} ${pager(url, next, after === undefined)}`,
    )}`
    return render(c, { title: 'Jobs', body }, listed.problem === undefined ? 200 : 422)
  })
}

/** A filter that cannot be used is said beside the list, which is empty then. */
async function listOrProblem(
  list: () => Promise<Page<Job>>,
): Promise<{ readonly page: Page<Job>; readonly problem: string | undefined }> {
  try {
    return { page: await list(), problem: undefined }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return { page: { items: [], next: undefined }, problem: explain(error) }
  }
}

function jobTable(jobs: readonly Job[], csrf: string, isFiltered: boolean): Html {
  const list = table<Job>({
    caption: 'Jobs, newest first',
    rows: jobs,
    rowId: ({ id }) => `job-${id}`,
    empty: isFiltered
      ? empty('No job fulfils the filter.', html`<a href="/jobs">Show all jobs</a>`)
      : empty(
          'There are no jobs yet.',
          html`A <a href="/batches/new">batch</a>, a <a href="/scans">scan</a> or a <a href="/places">search</a> makes
            the first.`,
        ),
    columns: [
      {
        title: '',
        label: 'Select',
        kind: 'tight',
        cell: ({ id, state, type }) =>
          html`<input
            type="checkbox"
            name="id"
            value="${id}"
            form="bulk"
            aria-label="Select ${type} …${id.slice(-8)}"
            ${attributes({ disabled: state === 'succeeded' || state === 'cancelled' })}
          />`,
      },
      { title: 'Job', cell: ({ id, type }) => html`<a class="strong" href="/jobs/${id}">${type}</a>` },
      { title: 'State', kind: 'tight', cell: ({ state }) => badge(state) },
      { title: 'Progress', kind: 'number', minor: true, cell: progressOf },
      { title: 'About', kind: 'grow', cell: (job) => (job.error === null ? clipped(job.domain) : clipped(job.error)) },
      {
        title: 'Attempts',
        kind: 'number',
        minor: true,
        cell: ({ attempt, maxAttempts }) => html`${attempt}<span class="quiet">/${maxAttempts}</span>`,
      },
      {
        title: 'Took',
        kind: 'number',
        minor: true,
        cell: ({ state, startedAt, finishedAt }) => (state === 'queued' ? none() : took(startedAt, finishedAt)),
      },
      { title: 'Created', kind: 'number', cell: ({ createdAt }) => when(createdAt) },
    ],
  })
  if (jobs.length === 0) return list
  return html`${list}
    <form id="bulk" class="bulk" method="post" action="/jobs/bulk" data-bulk>
      ${csrfField(csrf)}
      <span class="quiet" data-bulk-count>With the selected:</span>
      <button type="submit" name="action" value="retry">Retry failed</button>
      <button
        type="submit"
        name="action"
        value="cancel"
        class="danger"
        data-confirm="Cancel the selected jobs? A cancelled job cannot be run again."
      >
        Cancel
      </button>
    </form>`
}

function progressOf({ state, progressDone, progressTotal }: Job): Html {
  if (progressTotal === null || progressTotal === 0) return progressDone > 0 ? html`${progressDone}` : none()
  const share = progressDone / progressTotal
  return isFinal(state) && share === 1
    ? html`${progressDone}`
    : html`<span title="${progressDone} of ${progressTotal}">${percent(share)}</span>`
}
