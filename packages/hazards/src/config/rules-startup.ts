import type { ConfigFinding, ConfigSubject } from './profile.ts'
import { settingsInOptions, startupFate, startupParametersOf } from './startup-parameters.ts'

const instead = 'set it per transaction with set_config(name, value, true), or on the role with ALTER ROLE … SET'

/** Options that become start-up parameters: refused, ignored or leaked, hardly ever what was meant. */
export function* startupRules(subject: ConfigSubject): Generator<ConfigFinding> {
  for (const { name, key, value, where } of startupParametersOf(subject)) {
    if (name === 'options') yield* optionsFindings(subject, value, key, where)
    else if (name === 'application_name') yield* applicationName(subject, key, where)
    else yield* parameterFindings(subject, name, key, where)
  }
}

function* optionsFindings(
  subject: ConfigSubject,
  value: unknown,
  key: string,
  where: ConfigFinding['where'],
): Generator<ConfigFinding> {
  if (subject.pooler === 'pgbouncer-1.18') {
    yield {
      hazard: 'startup-param-rejected',
      key,
      where,
      severity: 'error',
      message: `PgBouncer before 1.20 refuses the connection for the start-up parameter "options": remove it and ${instead}.`,
      certainty: 'measured',
    }
    return
  }
  if (typeof value !== 'string') return
  for (const name of settingsInOptions(value)) yield* parameterFindings(subject, name, key, where)
}

function* parameterFindings(
  subject: ConfigSubject,
  parameter: string,
  key: string,
  where: ConfigFinding['where'],
): Generator<ConfigFinding> {
  const { fate, certainty } = startupFate(subject.pooler, parameter)
  const named = key === parameter || key === `connection.${parameter}` ? `"${parameter}"` : `"${parameter}" in "${key}"`
  const found = { key, where, certainty }
  if (parameter === 'replication') {
    if (subject.pooler === 'direct') return
    yield {
      ...found,
      hazard: 'replication-connection',
      severity: 'error',
      message:
        'A replication connection keeps a backend to itself, where a pooler lets it through at all: open it on the direct URL.',
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

function* applicationName(
  { pooler }: ConfigSubject,
  key: string,
  where: ConfigFinding['where'],
): Generator<ConfigFinding> {
  const { fate, certainty } = startupFate(pooler, 'application_name')
  if (fate !== 'ignored') return
  yield {
    hazard: 'attribution',
    key,
    where,
    severity: 'perf',
    message:
      'The pooler shows its own name to PostgreSQL instead of this one; set application_name per transaction where it is needed.',
    certainty,
  }
}
