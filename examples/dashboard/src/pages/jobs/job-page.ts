import { isFinal, type Job, type JobEvent } from '@pooler-safe/example-job-service'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { badge } from '../../view/badge.ts'
import { shareBar } from '../../view/chart.ts'
import { actionButton } from '../../view/form.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { live, section, titleState } from '../../view/layout.ts'
import { empty, facts, table } from '../../view/table.ts'
import { foreign, id as idText, json, none, number } from '../../view/text.ts'
import { duration, took, when } from '../../view/time.ts'
import { attemptsOf } from './attempts.ts'
import { subjectOf } from './subject.ts'

/** `GET /jobs/:id` and what can be done with one job. */
export function jobRoutes(app: Hono<DashboardEnv>, tools: PageTools): void {
  const { platform, render, form, done } = tools
  const { jobs, database } = platform
  app.get('/jobs/:id', async (c) => {
    const { tenant, csrf } = c.get('visitor')
    const job = await jobs.getJob(database, tenant, c.req.param('id'))
    const [events, subject] = await Promise.all([
      jobs.getJobEvents(database, tenant, job.id),
      subjectOf(platform, tenant, job),
    ])
    const body = live(`job:${job.id}`, isFinal(job.state), jobBody(job, events, subject, csrf))
    return render(c, { title: job.type, crumbs: [{ href: '/jobs', label: 'Jobs' }], aside: idText(job.id), body })
  })
  app.post('/jobs/:id/retry', async (c) => {
    await form(c)
    const job = await jobs.retryJob(database, c.get('visitor').tenant, c.req.param('id'))
    return done(c, `/jobs/${job.id}`, 'The job was queued again, with all its attempts.')
  })
  app.post('/jobs/:id/cancel', async (c) => {
    await form(c)
    const job = await jobs.cancelJob(database, c.get('visitor').tenant, c.req.param('id'))
    return done(
      c,
      `/jobs/${job.id}`,
      job.state === 'cancelled' ? 'The job was cancelled.' : 'The run was told to stop.',
    )
  })
}

function jobBody(job: Job, events: readonly JobEvent[], subject: string | undefined, csrf: string): Html {
  const { state, error, errorCode } = job
  return html` <div class="toolbar">
      ${titleState(state)}${progressText(job)}${actions(job, csrf)}${subject === undefined ? nothing : html`<a class="button" href="${subject}">What it is about</a>`}
    </div>
    ${progressBar(job)}
    ${
      error === null
        ? nothing
        : html`<div class="problem">
            <p><b>${errorCode}</b> <bdi>${error}</bdi></p>
          </div>`
    }
    ${facts([
      ['Attempts', html`<span class="num">${job.attempt}</span> of at most ${job.maxAttempts}, ${job.failures} failed`],
      ['Created', when(job.createdAt)],
      ['Started', when(job.startedAt)],
      ['Finished', when(job.finishedAt)],
      ['Took', job.state === 'queued' ? none() : took(job.startedAt, job.finishedAt)],
      ['Worker', job.worker === null ? none() : html`<code>${job.worker}</code>`],
      ['Last heard of', when(job.heartbeatAt)],
      ['Site', foreign(job.domain)],
      ['Priority', number(job.priority)],
      ['Public id', html`<code>${job.publicId}</code>`],
      ['Key', foreign(job.dedupeKey)],
    ])}
    <div class="columns">
      ${section('Payload', json(job.payload, 'Payload'))} ${section('Result', json(job.result, 'Result'))}
    </div>
    ${section('Attempts', attemptTable(events))} ${section('Events', eventTable(events))}`
}

function actions({ id, state, cancelRequestedAt }: Job, csrf: string): Html {
  if (state === 'failed') return actionButton({ action: `/jobs/${id}/retry`, csrf, text: 'Retry', kind: 'primary' })
  if (isFinal(state)) return nothing
  if (cancelRequestedAt) return html`<span class="quiet">Told to stop ${when(cancelRequestedAt)}</span>`
  const confirm = 'Cancel this job? A cancelled job cannot be run again.'
  return actionButton({ action: `/jobs/${id}/cancel`, csrf, text: 'Cancel', kind: 'danger', confirm })
}

function progressText({ progressDone, progressTotal }: Job): Html {
  if (progressTotal === null) return nothing
  return html`<span class="quiet"
    ><span class="num">${progressDone}</span> of <span class="num">${progressTotal}</span> steps</span
  >`
}

function progressBar({ progressDone, progressTotal, state }: Job): Html {
  if (progressTotal === null || progressTotal === 0) return nothing
  const tone = state === 'succeeded' ? 'good' : state === 'failed' ? 'bad' : 'active'
  return shareBar(
    [
      { label: 'done', value: progressDone, tone },
      { label: 'left', value: progressTotal - progressDone, tone: 'waiting' },
    ],
    'Progress',
  )
}

function attemptTable(events: readonly JobEvent[]): Html {
  return table({
    caption: 'Attempts',
    rows: attemptsOf(events),
    rowId: ({ attempt }) => `attempt-${attempt}`,
    empty: empty('It has not been run yet.', 'A worker takes it when it is its turn.'),
    columns: [
      { title: '#', kind: 'number', cell: ({ attempt }) => attempt },
      { title: 'Ended', kind: 'tight', cell: ({ outcome }) => badge(outcome) },
      { title: 'Why', kind: 'grow', cell: ({ reason }) => foreign(reason) },
      { title: 'Worker', minor: true, cell: ({ worker }) => (worker === null ? none() : html`<code>${worker}</code>`) },
      { title: 'Started', kind: 'number', cell: ({ startedAt }) => when(startedAt) },
      {
        title: 'Took',
        kind: 'number',
        cell: ({ startedAt, endedAt }) => duration(endedAt && endedAt.getTime() - startedAt.getTime()),
      },
    ],
  })
}

function eventTable(events: readonly JobEvent[]): Html {
  return table({
    caption: 'Events, oldest first',
    rows: events,
    rowId: ({ id }) => `event-${id}`,
    empty: empty('Nothing has happened yet.'),
    columns: [
      { title: 'When', kind: 'tight', cell: ({ at }) => when(at) },
      {
        title: 'From',
        kind: 'tight',
        minor: true,
        cell: ({ fromState }) => (fromState === null ? none() : badge(fromState)),
      },
      { title: 'To', kind: 'tight', cell: ({ toState }) => badge(toState) },
      { title: 'Reason', kind: 'grow', cell: ({ reason }) => foreign(reason) },
      { title: 'Attempt', kind: 'number', cell: ({ attempt }) => attempt },
    ],
  })
}
