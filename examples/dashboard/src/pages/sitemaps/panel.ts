import type { DashboardPanel } from '../../context.ts'
import { changesRoutes } from './changes-page.ts'
import { sitemapListRoutes } from './list-page.ts'
import { sitemapRoutes } from './scan-page.ts'
import { urlRoutes } from './urls-page.ts'

export const sitemapsPanel: DashboardPanel = {
  href: '/sitemaps',
  label: 'Sitemap scans',
  routes: (app, tools) => {
    sitemapListRoutes(app, tools)
    urlRoutes(app, tools)
    changesRoutes(app, tools)
    sitemapRoutes(app, tools)
  },
}
