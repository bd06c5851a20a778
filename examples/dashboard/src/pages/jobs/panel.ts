import type { DashboardPanel } from '../../context.ts'
import { bulkRoutes } from './bulk.ts'
import { jobRoutes } from './job-page.ts'
import { jobListRoutes } from './list-page.ts'

export const jobsPanel: DashboardPanel = {
  href: '/jobs',
  label: 'Jobs',
  routes: (app, tools) => {
    jobListRoutes(app, tools)
    bulkRoutes(app, tools)
    jobRoutes(app, tools)
  },
}
