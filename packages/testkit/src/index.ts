export { auditBackend } from './audit/audit-backend.ts'
export type { AuditOptions, AuditQuery } from './audit/audit-backend.ts'
export { auditThroughPooler } from './audit/audit-through-pooler.ts'
export type { AuditThroughPoolerOptions } from './audit/audit-through-pooler.ts'
export { formatAudits } from './audit/format-audits.ts'
export type { BackendAudit, Residue, ResidueKind, ResidueOrigin } from './audit/residue.ts'
export { parseChaosRule } from './chaos/plan.ts'
export type { ChaosRule, Disturbance, RandomChaos } from './chaos/plan.ts'
export type { ConnectionTarget } from './connection-target.ts'
export { findPgBouncer, startPgBouncer } from './pgbouncer/start-pgbouncer.ts'
export type { PgBouncer, PgBouncerServer, StartPgBouncerOptions } from './pgbouncer/start-pgbouncer.ts'
export type { AuditSchedule, OnViolation } from './judge/client-trial.ts'
export type {
  AccusedClient,
  AccusedTransaction,
  AllowedViolation,
  ResidueChange,
  UnattributedResidue,
  Violation,
  ViolationEvidence,
} from './judge/violation.ts'
export { startPooler } from './pooler/start-pooler.ts'
export type { Pooler } from './pooler/start-pooler.ts'
export type { PoolerBackend } from './pooler/pooler-core.ts'
export type { StartPoolerOptions } from './pooler/pooler-options.ts'
export { profileNames, profileOf } from './pooler/profile.ts'
export type { PoolerProfile, ProfileName, ProfileRefusal } from './pooler/profile.ts'
export { scheduleNames } from './pooler/schedule.ts'
export type { ScheduleName } from './pooler/schedule.ts'
export type { PoolerAuditOptions } from './pooler/audit-pools.ts'
export type { PoolerEvent } from './pooler/pooler-event.ts'
export { hasContainerEngine } from './postgres/container.ts'
export { startPostgres } from './postgres/start-postgres.ts'
export type { PostgresServer, StartPostgresOptions } from './postgres/start-postgres.ts'
export type {
  RecordedStatement,
  RecordedTransaction,
  Recording,
  RecordingFilter,
  RecordingLimits,
} from './recording/recording.ts'
export { renderReport } from './report/render.ts'
export type { ReportFormat } from './report/render.ts'
export type { PrettyOptions } from './report/pretty.ts'
export { isFailing, severities } from './report/report.ts'
export type {
  PoolerReport,
  ReportedBackend,
  ReportedClient,
  ReportedHazard,
  ReportedTransaction,
} from './report/report.ts'
export type { ServerCertificate } from './wire/self-made-certificate.ts'
export { TestkitError } from './testkit-error.ts'
export type { TestkitErrorCode } from './testkit-error.ts'
