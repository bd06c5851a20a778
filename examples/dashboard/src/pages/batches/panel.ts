import type { DashboardPanel } from '../../context.ts'
import { batchRoutes } from './batch-page.ts'
import { batchExportRoutes } from './export.ts'
import { batchListRoutes } from './list-page.ts'
import { newBatchRoutes } from './new-page.ts'
import { rejectedRoutes } from './rejected-page.ts'

export const batchesPanel: DashboardPanel = {
  href: '/batches',
  label: 'Batches',
  routes: (app, tools) => {
    newBatchRoutes(app, tools)
    batchListRoutes(app, tools)
    rejectedRoutes(app, tools)
    batchExportRoutes(app, tools)
    batchRoutes(app, tools)
  },
}
