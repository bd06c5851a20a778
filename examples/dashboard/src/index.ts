export type {
  DashboardEnv,
  DashboardPanel,
  FormFields,
  PageRequestContext,
  PageTools,
  Undo,
  Visitor,
} from './context.ts'
export { createDashboard, type DashboardOptions } from './dashboard.ts'
