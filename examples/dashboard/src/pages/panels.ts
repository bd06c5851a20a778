import type { DashboardPanel } from '../context.ts'
import { batchesPanel } from './batches/panel.ts'
import { jobsPanel } from './jobs/panel.ts'
import { overviewPanel } from './overview/panel.ts'
import { placesPanel } from './places/panel.ts'
import { scansPanel } from './scans/panel.ts'
import { settingsPanel } from './settings/panel.ts'
import { sitemapsPanel } from './sitemaps/panel.ts'

/** The pages of the dashboard in the order of the navigation; the settings are the last. */
export const panels: readonly DashboardPanel[] = [
  overviewPanel,
  jobsPanel,
  batchesPanel,
  scansPanel,
  sitemapsPanel,
  placesPanel,
  settingsPanel,
]
