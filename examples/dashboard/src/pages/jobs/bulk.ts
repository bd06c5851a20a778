import { JobServiceError, TransitionRefusedError } from '@pooler-safe/example-job-service'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { count } from '../../view/text.ts'

const idsAtOnce = 500

/** `POST /jobs/bulk`: retries or cancels those of the selected jobs for which that is possible. */
export function bulkRoutes(app: Hono<DashboardEnv>, { platform, form, done }: PageTools): void {
  const { jobs, database } = platform
  app.post('/jobs/bulk', async (c) => {
    const fields = await form(c)
    const { tenant } = c.get('visitor')
    const ids = [...new Set(fields.all('id'))].slice(0, idsAtOnce)
    const isRetry = fields.text('action') === 'retry'
    let changed = 0
    for (const id of ids) {
      try {
        await (isRetry ? jobs.retryJob(database, tenant, id) : jobs.cancelJob(database, tenant, id))
        changed += 1
      } catch (error) {
        // Another state by now, or not there: the others are done all the same.
        if (!(error instanceof TransitionRefusedError) && !(error instanceof JobServiceError)) throw error
      }
    }
    const left = ids.length - changed
    const text =
      ids.length === 0
        ? 'No job was selected.'
        : `${count(changed, 'job')} ${isRetry ? 'queued again' : 'cancelled'}.${left > 0 ? ` For ${count(left, 'job')} this was not possible.` : ''}`
    return done(c, '/jobs', text)
  })
}
