import type { Attributes } from '@opentelemetry/api'
import { hazardOf, isPoolerSafeError, outcomeOf, sqlStateOf } from 'pooler-safe'
import type { QueryTrace } from './channels.ts'

/** Names of operations are few, so that they can name spans and time series. */
const operation =
  /^(?:\s|--[^\n]*\n|\/\*.*?\*\/)*(select|insert|update|delete|merge|with|values|begin|start|commit|end|rollback|abort|savepoint|release|copy|call|create|alter|drop|truncate|vacuum|analyze|explain|set|show|lock|notify|refresh|table|do|declare|fetch)\b/is

/** The attributes that every operation has, of spans and metrics alike. */
export function operationAttributes({ endpoint, text, statements }: QueryTrace): Attributes {
  const name = operation.exec(text.slice(0, 1_000))?.[1]?.toUpperCase()
  return {
    'db.system.name': 'postgresql',
    'server.address': endpoint.host,
    'server.port': endpoint.port,
    ...(endpoint.database !== undefined && { 'db.namespace': endpoint.database }),
    ...(name !== undefined && { 'db.operation.name': statements > 1 ? `BATCH ${name}` : name }),
    ...(statements > 1 && { 'db.operation.batch.size': statements }),
  }
}

/** What is known about a failure. `error.type` is SQLSTATE where PostgreSQL said one. */
export function errorAttributes(error: unknown): Attributes {
  const state = sqlStateOf(error)
  const outcome = outcomeOf(error)
  const hazard = hazardOf(error)
  return {
    'error.type': state ?? typeOf(error),
    ...(state !== undefined && { 'db.response.status_code': state }),
    ...(outcome !== undefined && { 'pooler_safe.outcome': outcome }),
    ...(hazard !== undefined && { 'pooler_safe.hazard': hazard }),
  }
}

function typeOf(error: unknown): string {
  if (isPoolerSafeError(error)) return error.code
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : '_OTHER'
}
