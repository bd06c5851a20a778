import type { DashboardPanel } from '../../context.ts'
import { allPlacesRoutes } from './all-page.ts'
import { curationRoutes } from './curation.ts'
import { searchListRoutes } from './list-page.ts'
import { newSearchRoutes } from './new-page.ts'
import { searchRoutes } from './search-page.ts'

export const placesPanel: DashboardPanel = {
  href: '/places',
  label: 'Places',
  routes: (app, tools) => {
    searchListRoutes(app, tools)
    newSearchRoutes(app, tools)
    allPlacesRoutes(app, tools)
    curationRoutes(app, tools)
    searchRoutes(app, tools)
  },
}
