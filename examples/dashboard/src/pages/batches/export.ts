import type { ExportFormat } from '@pooler-safe/example-batch-processor'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { download } from '../../http/download.ts'

/** `GET /batches/:id/export/:format`: all items as a file. */
export function batchExportRoutes(app: Hono<DashboardEnv>, { platform }: PageTools): void {
  const { batches, database } = platform
  app.get('/batches/:id/export/:format', (c) => {
    const { id, format } = c.req.param()
    const parts = batches.exportBatch(database, c.get('visitor').tenant, id, format as ExportFormat)
    return download(c, `batch-${id.slice(-8)}`, format, parts)
  })
}
