import type { DashboardPanel } from '../context.ts'
import { jobsPanel } from './jobs/panel.ts'

/** The pages of the dashboard in the order of the navigation; the settings are the last. */
export const panels: readonly DashboardPanel[] = [jobsPanel]
