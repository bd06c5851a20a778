import { csvLines, type NewBatch } from '@pooler-safe/example-batch-processor'
import { explain, ServiceError } from '@pooler-safe/example-foundation'
import type { Hono } from 'hono'
import type { DashboardEnv, FormFields, PageRequestContext, PageTools } from '../../context.ts'
import { given } from '../../http/query.ts'
import { csrfField, field, problem, select } from '../../view/form.ts'
import { html } from '../../view/html.ts'
import { count } from '../../view/text.ts'

/** `GET /batches/new` and `POST /batches`: a batch of what was pasted, or of a CSV file. */
export function newBatchRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { batches } = platform
  const kinds = Object.keys(batches.processors)

  const show = (c: PageRequestContext, fields?: FormFields, message?: string): Response => {
    const value = (name: string): string | undefined => fields?.optional(name)
    const body = html`<p class="lead">
        One site in each line: a name such as <code>example.com</code> or an address. What is not a site, or is named
        twice, is reported and left out.
      </p>
      ${problem(message)}
      <form method="post" action="/batches" enctype="multipart/form-data">
        ${csrfField(c.get('visitor').csrf)}
        <div class="form-grid">
          <div class="field long">
            <label for="f-sites">Sites</label>
            <textarea id="f-sites" name="sites" rows="9" dir="auto" spellcheck="false" placeholder="example.com">
${value('sites') ?? ''}</textarea>
          </div>
        </div>
        <div class="form-grid">
          ${field({ label: 'Or a CSV file', name: 'file', type: 'file', accept: '.csv,text/csv,text/plain', hint: 'The column domain, host, url or website; otherwise the first.', size: 'long' })}
        </div>
        <div class="form-grid">
          ${field({ label: 'Name', name: 'name', value: value('name'), hint: 'For you.', maxLength: 200 })}
          ${kinds.length > 1 ? select({ label: 'What to do', name: 'kind', value: value('kind') ?? 'home-page', choices: kinds }) : null}
          ${field({ label: 'At the same time', name: 'maxConcurrent', type: 'number', value: value('maxConcurrent') ?? 10, min: 1, max: 1_000, size: 'short' })}
          ${field({ label: 'Attempts', name: 'maxAttempts', type: 'number', value: value('maxAttempts') ?? 3, min: 1, max: 100, size: 'short' })}
        </div>
        <div class="form-actions"><button class="primary" type="submit">Start the batch</button></div>
      </form>`
    const crumbs = [{ href: '/batches', label: 'Batches' }]
    return render(c, { title: 'New batch', crumbs, body }, message === undefined ? 200 : 422)
  }

  app.get('/batches/new', (c) => show(c))
  app.post('/batches', async (c) => {
    const fields = await form(c)
    const { tenant } = c.get('visitor')
    const [sites, file] = [fields.text('sites'), fields.file('file')]
    if (sites === '' && !file) return show(c, fields, 'Paste at least one site, or choose a CSV file.')
    const options: NewBatch = given({
      name: fields.optional('name'),
      kind: fields.optional('kind'),
      maxConcurrent: fields.number('maxConcurrent'),
      maxAttempts: fields.number('maxAttempts'),
    })
    try {
      const { batch, report } = file
        ? await batches.importBatchWithOwnSession(tenant, csvLines(file.stream()), options)
        : await batches.initiateBatchProcessing(platform.database, tenant, sites, options)
      const left = report.invalid + report.duplicate
      return done(
        c,
        `/batches/${batch.id}`,
        `The batch has ${count(report.kept, 'item')}.${left > 0 ? ` ${count(left, 'line')} became none: ${report.invalid} invalid, ${report.duplicate} duplicate.` : ''}`,
      )
    } catch (error) {
      if (error instanceof ServiceError) return show(c, fields, explain(error))
      throw error
    }
  })
}
