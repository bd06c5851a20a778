import type { Evidence } from '../catalogue/entry.ts'
import type { ConfigFinding, ConfigPooler, ConfigSubject } from './profile.ts'
import { isPooled } from './profile.ts'

/** Poolers that keep protocol-level named statements apart per client, with default settings. */
const tracksStatements: readonly ConfigPooler[] = ['pgbouncer-1.25', 'pgdog', 'neon', 'direct']
/** Poolers that take several Syncs in flight. */
const takesPipelines: readonly ConfigPooler[] = ['pgbouncer-1.18', 'pgbouncer-1.25', 'odyssey', 'neon', 'direct']

/** Options of postgres.js; those of the object win over the URL. */
export function* postgresJsRules(subject: ConfigSubject): Generator<ConfigFinding> {
  if (subject.driver !== 'postgres.js' || !isPooled(subject)) return
  const read = (key: string) => subject.entries.get(key)
  const prepare = read('prepare')
  if (!isOff(prepare?.value) && !tracksStatements.includes(subject.pooler)) {
    yield {
      hazard: 'named-parse',
      key: 'prepare',
      where: prepare?.where ?? 'options',
      severity: 'error',
      message: 'postgres.js names its prepared statements unless told otherwise: set prepare to false.',
      certainty: 'measured',
    }
  }

  const pipeline = read('max_pipeline')
  const size = Number(pipeline?.value ?? 100)
  if (size === 0) {
    yield {
      hazard: 'begin-not-reserved',
      key: 'max_pipeline',
      where: pipeline?.where ?? 'options',
      severity: 'loss',
      message:
        'With max_pipeline 0, sql.begin does not reserve its connection and other queries run inside of the transaction: leave the default.',
      certainty: 'reported',
    }
  } else if (!takesPipelines.includes(subject.pooler)) {
    yield {
      hazard: 'sync-pipelining',
      key: 'max_pipeline',
      where: pipeline?.where ?? 'options',
      severity: 'leak',
      message:
        'postgres.js sends queries before earlier ones are answered, which hangs or mixes up answers behind some poolers, and no setting of it is safe. Await queries one by one, or use pg.',
      certainty: pipeliningWasMeasured(subject.pooler, isOff(prepare?.value)),
    }
    const max = read('max')
    if (Number(max?.value) === 1) {
      yield {
        hazard: 'double-pool-sizing',
        key: 'max',
        where: max?.where ?? 'options',
        severity: 'hang',
        message:
          'With one connection all concurrent queries are pipelined on it: the surest way into a hang. Allow more.',
        certainty: 'reported',
      }
    }
  }

  if (!isOff(read('fetch_types')?.value)) {
    yield {
      hazard: 'fetch-types-on-connect',
      key: 'fetch_types',
      where: read('fetch_types')?.where ?? 'options',
      severity: 'perf',
      message: 'Every new connection first asks for the array types: set fetch_types to false where they are not used.',
      certainty: 'source',
    }
  }
}

/** Without named statements postgres.js waits for the description of each one; hangs were only reported then. */
function pipeliningWasMeasured(pooler: ConfigPooler, unnamed: boolean): Evidence {
  if (pooler !== 'supavisor' && pooler !== 'pgagroal') return 'inferred'
  return unnamed ? 'reported' : 'measured'
}

function isOff(value: unknown): boolean {
  return value === false || value === 'false' || value === 'disable'
}
