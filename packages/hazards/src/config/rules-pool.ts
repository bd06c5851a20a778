import type { ConfigFinding, ConfigSubject } from './profile.ts'
import { isPooled } from './profile.ts'
import { startupFate } from './startup-parameters.ts'

/** Longer than this, and load balancers (4 to 6 minutes) close idle sockets without a word. */
const longIdleMs = 240_000
/** PgBouncer gives up waiting for a backend after 120 s, Supavisor after 60 s. */
const poolerWaitMs = { default: 120_000, supavisor: 60_000 }
const manyConnections = 50
const shortLifeSeconds = 60

/** Options of `pg` and its pool. */
export function* poolRules(subject: ConfigSubject): Generator<ConfigFinding> {
  if (subject.driver !== 'pg') return
  yield* driverSwitches(subject)
  const { object } = subject
  if (object === undefined) return
  yield* timeouts(subject, object)
  yield* sizes(object)
  yield* hooks(subject, object)
}

const option = { where: 'options' } as const

function* driverSwitches(subject: ConfigSubject): Generator<ConfigFinding> {
  const { object } = subject
  if (isOn(object?.['binary'])) {
    yield {
      ...option,
      hazard: 'client-encoding-datestyle',
      key: 'binary',
      severity: 'loss',
      message:
        'pg decodes binary results as text first and changes numbers, dates and uuids on the way: leave `binary` off.',
      certainty: 'measured',
    }
  }
  if (object?.['pipeline'] === true && isPooled(subject)) {
    yield {
      ...option,
      hazard: 'sync-pipelining',
      key: 'pipeline',
      severity: 'leak',
      message:
        'Several Syncs in flight hang or mix up answers behind poolers: leave `pipeline` off, send a batch under one Sync.',
      certainty: subject.pooler === 'supavisor' || subject.pooler === 'pgagroal' ? 'measured' : 'reported',
    }
  }
  if (object?.['native'] !== undefined && object['native'] !== false) {
    yield {
      ...option,
      hazard: 'named-parse',
      key: 'native',
      severity: 'error',
      message: 'Native bindings write the protocol out of reach of every guard: use the JavaScript client.',
      certainty: 'source',
    }
  }
}

function* timeouts(subject: ConfigSubject, object: Readonly<Record<string, unknown>>): Generator<ConfigFinding> {
  const idle = object['idleTimeoutMillis']
  if (idle === 0 || (typeof idle === 'number' && idle > longIdleMs)) {
    yield {
      ...option,
      hazard: 'idle-timeouts-mismatch',
      key: 'idleTimeoutMillis',
      severity: 'error',
      message:
        'Poolers and load balancers close idle connections sooner, and the next query fails: keep it below their limits (under 4 minutes).',
      certainty: 'documented',
    }
  }
  if (object['keepAlive'] !== true && isPooled(subject)) {
    yield {
      ...option,
      hazard: 'idle-timeouts-mismatch',
      key: 'keepAlive',
      severity: 'error',
      message:
        'pg turns TCP keep-alive off, so a dead connection is noticed by the next query only: set keepAlive to true.',
      certainty: 'source',
    }
  }
  yield* connectTimeout(subject, object['connectionTimeoutMillis'])
  yield* queryTimeout(subject)
}

function* connectTimeout(subject: ConfigSubject, value: unknown): Generator<ConfigFinding> {
  const found = { ...option, hazard: 'checkout-timeouts', key: 'connectionTimeoutMillis', severity: 'hang' } as const
  if (value === undefined || value === 0) {
    yield {
      ...found,
      message:
        'Without connectionTimeoutMillis, pool.connect() waits for ever when every client is busy: set a deadline.',
      certainty: 'source',
    }
    return
  }
  const limit = subject.pooler === 'supavisor' ? poolerWaitMs.supavisor : poolerWaitMs.default
  if (typeof value === 'number' && value >= limit && isPooled(subject)) {
    yield {
      ...found,
      message: 'The pooler gives up before this deadline, with a fatal error: stay below its own waiting time.',
      certainty: 'documented',
    }
  }
}

function* queryTimeout(subject: ConfigSubject): Generator<ConfigFinding> {
  const entry = subject.entries.get('query_timeout')
  if (!isOn(entry?.value)) return
  const server = subject.entries.get('statement_timeout')
  if (isOn(server?.value) && startupFate(subject.pooler, 'statement_timeout').fate === 'applied') return
  yield {
    hazard: 'query-timeout-client-only',
    key: 'query_timeout',
    where: entry?.where ?? 'options',
    severity: 'hang',
    message:
      'query_timeout only stops waiting: the server works on, and may commit. Set a shorter statement_timeout per transaction with set_config(name, value, true).',
    certainty: 'measured',
  }
}

function* sizes(object: Readonly<Record<string, unknown>>): Generator<ConfigFinding> {
  const max = object['max'] ?? object['poolSize']
  if (typeof max === 'number' && max > manyConnections) {
    yield {
      ...option,
      hazard: 'double-pool-sizing',
      key: object['max'] === undefined ? 'poolSize' : 'max',
      severity: 'error',
      message:
        'Every process may open this many client connections; all of them together have to stay below the limit of the pooler, and more than its backends only wait there.',
      certainty: 'inferred',
    }
  }
  if (typeof object['min'] === 'number' && object['min'] > 0) {
    yield {
      ...option,
      hazard: 'double-pool-sizing',
      key: 'min',
      severity: 'perf',
      message:
        'The pooler keeps backends ready; idle client connections of your own only count against its limit. Leave min at 0.',
      certainty: 'inferred',
    }
  }
  const life = object['maxLifetimeSeconds']
  const uses = object['maxUses']
  if (
    (typeof life === 'number' && life > 0 && life < shortLifeSeconds) ||
    (typeof uses === 'number' && uses > 0 && uses < 100)
  ) {
    yield {
      ...option,
      hazard: 'max-uses-and-lifetime-churn',
      key: typeof life === 'number' && life > 0 && life < shortLifeSeconds ? 'maxLifetimeSeconds' : 'maxUses',
      severity: 'perf',
      message:
        'Every new client connection costs a TLS handshake and a SCRAM login, and poolers limit logins: let connections live for minutes.',
      certainty: 'inferred',
    }
  }
  if (object['allowExitOnIdle'] === true) {
    yield {
      ...option,
      hazard: 'allow-exit-on-idle',
      key: 'allowExitOnIdle',
      severity: 'error',
      message: 'The process may end between two statements of background work: end the pool explicitly instead.',
      certainty: 'inferred',
    }
  }
}

function* hooks(subject: ConfigSubject, object: Readonly<Record<string, unknown>>): Generator<ConfigFinding> {
  if (!isPooled(subject)) return
  for (const key of ['onConnect', 'verify', 'afterCreate']) {
    if (typeof object[key] !== 'function') continue
    yield {
      ...option,
      hazard: 'on-connect-setup',
      key,
      severity: 'leak',
      message: `What ${key} sets stays on whichever backend it met, for strangers: set it per transaction with set_config(name, value, true).`,
      certainty: 'source',
    }
  }
}

function isOn(value: unknown): boolean {
  return (
    value !== undefined &&
    value !== null &&
    value !== false &&
    value !== 0 &&
    value !== '' &&
    value !== 'false' &&
    value !== '0'
  )
}
