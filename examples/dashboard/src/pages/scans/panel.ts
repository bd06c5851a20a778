import type { DashboardPanel } from '../../context.ts'
import { scanListRoutes } from './list-page.ts'
import { scanRoutes } from './scan-page.ts'

export const scansPanel: DashboardPanel = {
  href: '/scans',
  label: 'Domain scans',
  routes: (app, tools) => {
    scanListRoutes(app, tools)
    scanRoutes(app, tools)
  },
}
