export { auditBackend } from './audit/audit-backend.ts'
export type { AuditOptions, AuditQuery } from './audit/audit-backend.ts'
export { auditThroughPooler } from './audit/audit-through-pooler.ts'
export type { AuditThroughPoolerOptions } from './audit/audit-through-pooler.ts'
export { formatAudits } from './audit/format-audits.ts'
export type { BackendAudit, Residue, ResidueKind, ResidueOrigin } from './audit/residue.ts'
export { findPgBouncer, startPgBouncer } from './pgbouncer/start-pgbouncer.ts'
export type { PgBouncer, PgBouncerServer, StartPgBouncerOptions } from './pgbouncer/start-pgbouncer.ts'
export { startPooler } from './pooler/start-pooler.ts'
export type { Pooler, PoolerBackend, StartPoolerOptions } from './pooler/start-pooler.ts'
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
export { TestkitError } from './testkit-error.ts'
export type { TestkitErrorCode } from './testkit-error.ts'
