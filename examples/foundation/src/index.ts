export {
  authenticate,
  createApiToken,
  listApiTokens,
  requireScope,
  revokeApiToken,
  type ApiToken,
  type ApiTokenPage,
  type Authentication,
  type CreateApiTokenOptions,
} from './api-tokens.ts'
export { formatMs, wait, within } from './clock.ts'
export {
  commonVariables,
  ConfigurationError,
  readConfiguration,
  wholeNumber,
  type ReadConfigurationOptions,
} from './configuration.ts'
export { openDatabase, type OpenDatabaseOptions } from './database.ts'
export { canonicalHost, type CanonicalHost } from './host-name.ts'
export { isId, isPublicId, newId, newPublicId } from './identifiers.ts'
export { createLogger, loggerFor, silentLogger, type Logger, type LoggerOptions, type Subject } from './logging.ts'
export { createMetrics, type Metrics, type MetricsOptions } from './metrics.ts'
export { runMigrateCommand, type MigrateCommandOptions } from './migrate-command.ts'
export {
  foundationMigrations,
  migrate,
  notMigrated,
  pendingMigrations,
  requireMigrated,
  requireSessionMode,
  type MigrateOptions,
  type MigrationSet,
} from './migrations.ts'
export { pageById, pageOf, readNumberedPage, readPage, type Page, type PageRequest } from './paging.ts'
export { redact } from './redaction.ts'
export { codeOf, explain, ServiceError, type ServiceErrorDetails } from './service-error.ts'
export { onShutdown, type Shutdown, type ShutdownOptions } from './shutdown.ts'
export { storableText, whyNotStorable } from './storable.ts'
export { createTenant, ensureTenant, tenantId, tenantName, type TenantId } from './tenants.ts'
export { FetchError, type FetchErrorCode, type FetchErrorDetails } from './http/fetch-error.ts'
export type { FetchOptions } from './http/fetch-request.ts'
export type { FetchedResponse } from './http/fetched-response.ts'
export { createHttpClient, type HttpClient, type HttpClientOptions } from './http/http-client.ts'
export { httpOptions, httpVariables } from './http/http-variables.ts'
export { WorkerChild, type WorkerChildOptions } from './worker-child.ts'
export { runService, type RunServiceOptions, type StartingService } from './run-service.ts'
