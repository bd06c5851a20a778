import type { ConfigFinding, ConfigSubject } from './profile.ts'
import { isStartupKey, settingsInOptions, startupFate } from './startup-parameters.ts'

const instead = 'set it per transaction with set_config(name, value, true), or on the role with ALTER ROLE … SET'

/** Options that become start-up parameters: refused, ignored or leaked, hardly ever what was meant. */
export function* startupRules(subject: ConfigSubject): Generator<ConfigFinding> {
  for (const [key, { value, where }] of subject.entries) {
    if (isAbsent(value)) continue
    if (key === 'options') {
      yield* optionsFindings(subject, String(value), where)
    } else if (key === 'application_name') {
      yield* applicationName(subject, where)
    } else if (isStartupKey(subject.driver, key)) {
      yield* parameterFindings(subject, key, key, where)
    }
  }
  if (subject.driver !== 'postgres.js') return
  for (const key of startupParametersOfPostgresJs(subject))
    yield* parameterFindings(subject, key.name, key.key, key.where)
}

function* optionsFindings(
  subject: ConfigSubject,
  text: string,
  where: ConfigFinding['where'],
): Generator<ConfigFinding> {
  if (subject.pooler === 'pgbouncer-1.18') {
    yield {
      hazard: 'startup-param-rejected',
      key: 'options',
      where,
      severity: 'error',
      message: `PgBouncer before 1.20 refuses the connection for the start-up parameter "options": remove it and ${instead}.`,
      certainty: 'measured',
    }
    return
  }
  for (const name of settingsInOptions(text)) yield* parameterFindings(subject, name, 'options', where)
}

function* parameterFindings(
  subject: ConfigSubject,
  parameter: string,
  key: string,
  where: ConfigFinding['where'],
): Generator<ConfigFinding> {
  const { fate, certainty } = startupFate(subject.pooler, parameter)
  const named = key === parameter ? `"${parameter}"` : `"${parameter}" in "${key}"`
  const found = { key, where, certainty }
  if (parameter === 'replication') {
    if (subject.pooler === 'direct') return
    yield {
      ...found,
      hazard: 'replication-connection',
      severity: 'error',
      message: 'Replication does not pass through a pooler; open the replication connection on the direct URL.',
    }
    return
  }
  switch (fate) {
    case 'applied':
      return
    case 'refused':
      yield {
        ...found,
        hazard: 'startup-param-rejected',
        severity: 'error',
        message: `The pooler refuses the connection for the start-up parameter ${named}: remove it and ${instead}.`,
      }
      return
    case 'ignored':
      yield {
        ...found,
        hazard: 'startup-param-ignored',
        severity: 'wrong',
        message: `The pooler accepts ${named} and drops it, so the program runs without it: ${instead}.`,
      }
      return
    case 'leaks':
      yield {
        ...found,
        hazard: 'session-set',
        severity: 'leak',
        message: `The pooler applies ${named} to a backend that other clients use later: remove it and ${instead}.`,
      }
      return
    case 'own-pool':
      yield {
        ...found,
        hazard: 'search-path-startup',
        severity: 'perf',
        message: `Every value of ${named} gets a pool of backends of its own: qualify names, or set it per transaction with SET LOCAL.`,
      }
      return
    case 'depends':
      yield {
        ...found,
        hazard: 'startup-param-rejected',
        severity: 'error',
        message: `Start-up parameter ${named}: PgBouncer refuses the connection, Supavisor ignores it, Odyssey gives it to later clients. Remove it and ${instead}.`,
      }
  }
}

function* applicationName({ pooler }: ConfigSubject, where: ConfigFinding['where']): Generator<ConfigFinding> {
  if (startupFate(pooler, 'application_name').fate !== 'ignored') return
  yield {
    hazard: 'attribution',
    key: 'application_name',
    where,
    severity: 'perf',
    message:
      'The pooler shows its own name to PostgreSQL instead of this one; set application_name per transaction where it is needed.',
    certainty: 'measured',
  }
}

/** What postgres.js sends at start-up: its `connection` object, and every URL parameter that is not an option of its own. */
function startupParametersOfPostgresJs(subject: ConfigSubject) {
  const parameters: { name: string; key: string; where: 'options' | 'url' }[] = []
  const connection = subject.object?.['connection']
  if (typeof connection === 'object' && connection !== null) {
    for (const name of Object.keys(connection)) parameters.push({ name, key: `connection.${name}`, where: 'options' })
  }
  for (const name of subject.urlParameters.keys()) {
    if (!postgresJsOptions.has(name)) parameters.push({ name, key: name, where: 'url' })
  }
  return parameters.filter(({ name }) => name !== 'application_name' && name !== 'options')
}

/** URL parameters that postgres.js 3.4 takes for itself. */
const postgresJsOptions = new Set([
  'max',
  'ssl',
  'sslmode',
  'idle_timeout',
  'connect_timeout',
  'max_lifetime',
  'max_pipeline',
  'backoff',
  'keep_alive',
  'prepare',
  'debug',
  'fetch_types',
  'publications',
  'target_session_attrs',
])

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === '' || value === 0
}
