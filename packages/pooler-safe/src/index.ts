export { createDatabase, type Database } from './session/database.ts'
export { statement } from './session/session.ts'
export type {
  BatchLimits,
  BatchOptions,
  BatchResults,
  BatchStatement,
  ExecuteManyLimits,
  ExecuteManyOptions,
  Field,
  IsolationLevel,
  ParameterRows,
  QueryOptions,
  QueryResult,
  Session,
  Statement,
  TransactionOptions,
  TransactionTimeouts,
} from './session/session.ts'
export type { StreamOptions } from './stream/stream-call.ts'
export type { LockOptions, TryLockResult } from './lock/lock.ts'
export { lockKey, type LockKey } from './lock/lock-key.ts'
export type { CopyOptions } from './copy/copy.ts'
export type { CopySource } from './copy/copy-in-query.ts'
export type { Direct, DirectSessionOptions, ListenOptions, Subscription } from './direct/direct.ts'
export type { ListenGap } from './direct/listener.ts'
export type { Transaction } from './session/transaction.ts'
export type { SessionSettings, SettingValue } from './settings/settings.ts'
export type { DatabaseOptions } from './options/database-options.ts'
export type { RetryBudgetOptions } from './session/retry-budget.ts'
export type { GuardOptions } from './options/client-options.ts'
export { SafePool, type SafePoolConfig } from './pool/safe-pool.ts'
export { SafeClient, type SafeClientConfig } from './client/safe-client.ts'
export { wireGuard, type WireAudit, type WireGuardOptions, type WireViolation } from './wire/wire-guard.ts'
export type {
  CheckoutTrace,
  OutcomeUnknownMessage,
  QueryTrace,
  RefusedMessage,
  TraceEndpoint,
  TransactionTrace,
} from './telemetry/channels.ts'
export type { EndpointMode, EndpointReport, PoolerName, VerifyOptions } from './endpoint/verify.ts'
export {
  errorCodes,
  isPoolerSafeError,
  OutcomeUnknownError,
  PoolerSafeError,
  type ErrorDetails,
  type Outcome,
  type PoolerSafeCode,
} from './errors/pooler-safe-error.ts'
export { BatchError, type BatchPhase } from './errors/batch-error.ts'
export { SqlRefusedError, type TextPosition } from './errors/sql-refused-error.ts'
export { hazardOf, hintOf, isOutcomeUnknown, outcomeOf, sqlStateOf } from './errors/facts.ts'
