import { SafeClient, type SafeClientConfig } from '../client/safe-client.ts'
import { SafeQuery } from '../client/safe-query.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import type { CheckedDatabaseOptions } from '../options/database-options.ts'
import { sessionError } from '../session/session-error.ts'
import { run } from '../session/run.ts'
import { isOdyssey, pgBouncerVersion, startupRefusal, survivesFailingBatch } from './probes.ts'

/** What a URL leads to. */
export type EndpointMode =
  /** PostgreSQL itself. */
  | 'direct'
  /** A pooler that gives every client connection a backend for as long as it lives. */
  | 'session'
  /** A pooler that gives a backend for one transaction. */
  | 'transaction'

/** The poolers that can be told apart. */
export type PoolerName = 'PgBouncer' | 'Supavisor' | 'pgagroal' | 'Odyssey'

/** What was found behind a URL. */
export interface EndpointReport {
  /** What was observed; never what the URL suggests. */
  readonly mode: EndpointMode
  /** Something between this process and PostgreSQL answers with a key of its own. */
  readonly pooled: boolean
  /**
   * The program in between, where it gives itself away. `undefined`: there is none, or it does not tell, as Amazon RDS Proxy.
   * Proxies that imitate another one are taken for that.
   */
  readonly pooler: PoolerName | undefined
  /** Which versions of it behave like this, where that is known: `before 1.20` and `1.20 or newer` of PgBouncer. */
  readonly poolerVersion: string | undefined
  /** What it takes. */
  readonly accepts: {
    /** A batch that fails in the middle leaves the client connection open. If not, use `batchMode: 'sequential'`. */
    readonly failingBatch: boolean
    /** Start-up parameters that it does not know itself. Most that take them drop them, or leak them to strangers. */
    readonly startupParameters: boolean
  }
  /** What the server says it is. */
  readonly serverVersion: string
  /** What was observed, in words. */
  readonly evidence: readonly string[]
}

/** What the URLs of a database are expected to lead to. */
export interface VerifyOptions {
  /** What `url` has to be. Anything else is an error. */
  readonly pooled?: EndpointMode
  /** What `directUrl` has to be: `session` also accepts PostgreSQL itself. Anything else is an error. */
  readonly direct?: 'direct' | 'session'
}

/** How often the two clients take turns before a backend that never moved counts as their own. */
const swaps = 3
const waitForBackendMs = 2_000

/**
 * Finds out what URLs lead to by watching where statements run.
 *
 * A pooler in transaction mode cannot hide that a client's statements move between backends: while one client holds a
 * backend in a transaction, the other's next statement runs elsewhere, or the two were given the same backend before.
 */
export async function verifyEndpoint(
  options: CheckedDatabaseOptions,
  expected: VerifyOptions,
): Promise<EndpointReport> {
  const report = await probe(options.pool)
  if (expected.pooled !== undefined && report.mode !== expected.pooled)
    throw wrongEndpoint('url', expected.pooled, report)
  if (expected.direct !== undefined) await verifyDirect(options, expected.direct)
  return report
}

/** Finds out whether `directUrl` gives a session. */
export async function verifyDirect(
  options: CheckedDatabaseOptions,
  expected: 'direct' | 'session' = 'session',
): Promise<void> {
  if (options.directUrl === undefined) throw noDirectUrl()
  const direct = await probe({ ...options.pool, connectionString: options.directUrl })
  const acceptable = expected === direct.mode || (expected === 'session' && direct.mode === 'direct')
  if (!acceptable) throw wrongEndpoint('directUrl', expected, direct)
}

async function probe(config: SafeClientConfig): Promise<EndpointReport> {
  const moving = new SafeClient({ ...config, unknownOptions: 'ignore' })
  const pinning = new SafeClient({ ...config, unknownOptions: 'ignore' })
  try {
    await moving.connect()
    await pinning.connect()
    const seen = await observe(moving, pinning)
    const failingBatch = await survivesFailingBatch(config)
    const refusal = await startupRefusal(config)
    const evidence = [...seen.evidence]
    if (!failingBatch) evidence.push('a batch that failed in the middle lost its client connection')
    if (refusal) evidence.push(`a start-up parameter was refused: ${refusal}`)
    const { pooler, version } = await identify(config, seen, refusal)
    if (version) evidence.push(`of the versions of ${pooler}, it answers to "options" like one ${version}`)
    else if (pooler === 'Odyssey') evidence.push('it signs its errors with "odyssey"')
    return { ...seen, pooler, poolerVersion: version, evidence, accepts: { failingBatch, startupParameters: !refusal } }
  } catch (error) {
    throw sessionError(error)
  } finally {
    await Promise.all([moving.end(), pinning.end()])
  }
}

/** Which program it is. One that gave its name is not asked again. */
async function identify(
  config: SafeClientConfig,
  { pooled, pooler }: Seen,
  refusal: string | undefined,
): Promise<{ readonly pooler: PoolerName | undefined; readonly version: string | undefined }> {
  if (!pooled || pooler) return { pooler, version: undefined }
  if (refusal) return { pooler: 'PgBouncer', version: await pgBouncerVersion(config) }
  return { pooler: (await isOdyssey(config)) ? 'Odyssey' : undefined, version: undefined }
}

type Seen = Omit<EndpointReport, 'accepts' | 'poolerVersion'>

async function observe(moving: SafeClient, pinning: SafeClient): Promise<Seen> {
  const { processID } = moving as unknown as { processID: number }
  const { pid: first, version, name } = await whereAmI(moving)
  const pooled = first !== processID
  const evidence = [
    pooled
      ? `the key of the client connection names process ${processID}, its statements ran on backend ${first}`
      : `the client connection’s own process ${first} ran its statements`,
  ]
  const moved = await watchForMove(moving, pinning, first)
  const mode = moved ? 'transaction' : pooled ? 'session' : 'direct'
  evidence.push(moved ?? `its statements stayed on backend ${first} while another client held one in a transaction`)
  const pooler = name === 'Supavisor' || name === 'pgagroal' ? name : undefined
  if (pooler) evidence.push(`it calls every client "${pooler}"`)
  return { mode, pooled, pooler, serverVersion: version, evidence }
}

async function watchForMove(moving: SafeClient, pinning: SafeClient, first: number): Promise<string | undefined> {
  for (let turn = 0; turn < swaps; turn += 1) {
    await pin(pinning)
    try {
      const pinned = await whereAmI(pinning)
      if (pinned.pid === first) return `another client’s transaction ran on the same backend ${first}`
      const now = await Promise.race([whereAmI(moving), timeout()])
      if (now === undefined) return 'a statement had to wait while another client held a transaction open'
      if (now.pid !== first) return `its statements moved from backend ${first} to ${now.pid}`
    } finally {
      await control(pinning, 'rollback')
    }
  }
  return undefined
}

async function whereAmI(client: SafeClient): Promise<Whereabouts> {
  const query = new SafeQuery({
    text: `select pg_backend_pid() as pid, current_setting('server_version') as version,
      current_setting('application_name') as name`,
    queryMode: 'extended',
  })
  query.scope = 'internal'
  const { rows } = (await run(client, query)) as { rows: Whereabouts[] }
  const [row] = rows
  if (!row) throw new TypeError('pg_backend_pid() returned no row')
  return row
}

interface Whereabouts {
  readonly pid: number
  readonly version: string
  readonly name: string
}

async function pin(client: SafeClient): Promise<void> {
  try {
    await control(client, 'begin read only')
  } catch (error) {
    if (!(error instanceof Error) || !/statement (pooling )?mode/i.test(error.message)) throw error
    throw new PoolerSafeError(
      'POOLER_SAFE_WRONG_ENDPOINT',
      `The pooler refuses transactions: it is in statement mode (${error.message}).`,
      { outcome: 'not-executed', hazard: 'statement-mode', hint: advice.transaction, cause: error },
    )
  }
}

async function control(client: SafeClient, text: string): Promise<void> {
  const query = new SafeQuery(text)
  query.scope = 'internal'
  await run(client, query)
}

function timeout(): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, waitForBackendMs, undefined).unref()
  })
}

const advice: Readonly<Record<EndpointMode, string>> = {
  transaction:
    'Use the transaction-mode URL of the pooler (Supabase: port 6543; Neon: the -pooler host; PgBouncer: pool_mode = transaction).',
  session: 'Use the session-mode URL of the pooler, or the direct one (Supabase: port 5432).',
  direct:
    'Use the URL of PostgreSQL itself, without a pooler (Supabase: the db.<project> host; Neon: the host without -pooler).',
}

function wrongEndpoint(option: string, expected: EndpointMode, report: EndpointReport): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_WRONG_ENDPOINT',
    `${option} should be a ${expected} endpoint, but is a ${report.mode} one: ${report.evidence.join('; ')}.`,
    { outcome: 'not-executed', hazard: 'wrong-port', hint: advice[expected] },
  )
}

function noDirectUrl(): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_WRONG_ENDPOINT', 'directUrl was to be verified, but none was given.', {
    outcome: 'not-executed',
    hazard: 'wrong-port',
    hint: 'Pass directUrl to createDatabase.',
  })
}
