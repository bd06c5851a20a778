import { jobStates, type JobActivity, type JobState } from '@pooler-safe/example-job-service'
import type { Hono } from 'hono'
import type { DashboardEnv, DashboardPanel, PageTools } from '../../context.ts'
import { toneOf } from '../../view/badge.ts'
import { bars, columns, figures, legend, shareBar, type Figure } from '../../view/chart.ts'
import { html, type Html } from '../../view/html.ts'
import { live, section } from '../../view/layout.ts'
import { empty, table } from '../../view/table.ts'
import { number } from '../../view/text.ts'
import { duration, when } from '../../view/time.ts'
import { recentSections } from './recent.ts'

export const overviewPanel: DashboardPanel = { href: '/', label: 'Overview', routes }

/** `GET /`: how it goes, for who looks for a second. */
function routes(app: Hono<DashboardEnv>, { platform, render }: PageTools): void {
  const { jobs, database } = platform
  app.get('/', async (c) => {
    const { tenant } = c.get('visitor')
    const [counts, activity, recent] = await Promise.all([
      jobs.countJobs(database, tenant),
      jobs.getActivity(database, tenant),
      recentSections(platform, tenant),
    ])
    const body = live(
      'jobs',
      false,
      html`${figures(figuresOf(counts, activity))}
        ${section('Jobs that ended in the last hour', chart(activity), html`<a href="/jobs">All jobs</a>`)}
        ${section('Jobs by state', states(counts))}
        <div class="columns">${workers(activity)}${errors(activity)}</div>
        ${recent}`,
    )
    return render(c, { title: 'Overview', body })
  })
}

function figuresOf(counts: Partial<Record<JobState, number>>, activity: JobActivity): Figure[] {
  const { steps, oldestQueuedAt, medianMs, p95Ms } = activity
  const sum = (state: 'succeeded' | 'failed'): number => steps.reduce((total, step) => total + step[state], 0)
  const [succeeded, failed] = [sum('succeeded'), sum('failed')]
  const waits = oldestQueuedAt ? Date.now() - oldestQueuedAt.getTime() : null
  const share = succeeded + failed === 0 ? '–' : `${((failed / (succeeded + failed)) * 100).toFixed(1)} %`
  return [
    { label: 'Running', value: number(counts.running ?? 0), note: `${number(counts.queued ?? 0).toString()} queued` },
    {
      label: 'Ended in the last hour',
      value: number(succeeded + failed),
      note: `${((succeeded + failed) / 60).toFixed(1)} a minute`,
    },
    { label: 'Failed of them', value: number(failed), note: share, ...(failed > 0 ? { tone: 'bad' as const } : {}) },
    {
      label: 'Queue age',
      value: duration(waits),
      note: waits === null ? 'nothing waits' : 'the oldest job that is due',
    },
    { label: 'Runs take', value: duration(medianMs), note: html`19 of 20 below ${duration(p95Ms)}` },
  ]
}

function chart({ steps }: JobActivity): Html {
  const data = steps.map(({ at, succeeded, failed, cancelled }) => ({
    label: at.toISOString().slice(11, 16),
    parts: [
      { label: 'succeeded', value: succeeded, tone: 'good' as const },
      { label: 'failed', value: failed, tone: 'bad' as const },
      { label: 'cancelled', value: cancelled, tone: 'ended' as const },
    ],
  }))
  return columns(data, { label: 'Jobs that ended, by minute', from: 'an hour ago', to: 'now', unit: 'jobs' })
}

function states(counts: Partial<Record<JobState, number>>): Html {
  const parts = jobStates.map((state) => ({ label: state, value: counts[state] ?? 0, tone: toneOf(state) }))
  return html`${shareBar(parts, 'Jobs by state')}${legend(parts)}`
}

function workers({ workers: list }: JobActivity): Html {
  return section(
    'Workers',
    table({
      caption: 'Workers that were heard of in the last hour',
      rows: list,
      empty: empty('No worker was heard of in the last hour.', 'Jobs wait until one is started.'),
      columns: [
        { title: 'Worker', kind: 'grow', cell: ({ worker }) => html`<code class="clip">${worker}</code>` },
        { title: 'Running', kind: 'number', cell: ({ running }) => number(running) },
        { title: 'Ended', kind: 'number', cell: ({ ended }) => number(ended) },
        { title: 'Heard of', kind: 'number', cell: ({ heardAt }) => when(heardAt) },
      ],
    }),
  )
}

function errors({ errors: list }: JobActivity): Html {
  return section(
    'Failures by class',
    list.length === 0
      ? empty('Nothing failed in the last hour.')
      : bars(
          list.map(({ errorCode, jobs }) => ({
            label: html`<bdi>${errorCode}</bdi>`,
            value: jobs,
            tone: 'bad' as const,
          })),
        ),
    html`<a href="/jobs?state=failed">Failed jobs</a>`,
  )
}
