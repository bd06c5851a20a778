import type { PlaceStatus } from '@pooler-safe/example-places-search'
import type { Hono } from 'hono'
import type { DashboardEnv, FormFields, PageTools } from '../../context.ts'
import { count } from '../../view/text.ts'

/** `POST /places/status` gives places a status, `POST /places/undo` takes that back. */
export function curationRoutes(app: Hono<DashboardEnv>, { platform, form, done }: PageTools): void {
  const { places, database } = platform
  app.post('/places/status', async (c) => {
    const fields = await form(c)
    const back = backOf(fields)
    const ids = fields.all('id')
    if (ids.length === 0) return done(c, back, 'No place was selected.')
    // The service refuses what is no status.
    const status = fields.text('status') as PlaceStatus
    const { changeId, changed } = await places.updatePlaceStatus(database, c.get('visitor').tenant, ids, status)
    const undo = { action: '/places/undo', values: { change: changeId, back } }
    return done(
      c,
      back,
      `${count(changed, 'place')} ${changed === 1 ? 'is' : 'are'} ${status} now.`,
      changed > 0 ? undo : undefined,
    )
  })
  app.post('/places/undo', async (c) => {
    const fields = await form(c)
    const { changed } = await places.undoStatusChange(database, c.get('visitor').tenant, fields.text('change'))
    return done(c, backOf(fields), `${count(changed, 'place')} ${changed === 1 ? 'is' : 'are'} as before.`)
  })
}

function backOf(fields: FormFields): string {
  const back = fields.text('back')
  return /^\/places(?:[/?][\w/?=&%.+-]*)?$/.test(back) ? back : '/places/all'
}
