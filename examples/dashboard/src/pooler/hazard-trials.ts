import { Socket } from 'node:net'
import { isPoolerSafeError, SafeClient, wireGuard } from 'pooler-safe'

/** Something that must not happen behind a transaction-mode pooler. */
export interface HazardTrial {
  readonly id: string
  readonly title: string
  readonly statement: string
  /** What would happen without the guard. */
  readonly danger: string
  /** The name of a prepared statement, where that is the hazard. */
  readonly name?: string
}

export const hazardTrials: readonly HazardTrial[] = [
  {
    id: 'set',
    title: 'Session setting',
    statement: "set statement_timeout = '5s'",
    danger: 'The backend keeps it, and whoever gets that backend next has your timeout.',
  },
  {
    id: 'set-config',
    title: 'Session setting by a function',
    statement: "select set_config('app.tenant', '7', false)",
    danger: 'The next client on that backend reads the data of tenant 7.',
  },
  {
    id: 'listen',
    title: 'LISTEN',
    statement: 'listen job_done',
    danger: 'The notifications reach a backend that you no longer have.',
  },
  {
    id: 'session-lock',
    title: 'Session advisory lock',
    statement: 'select pg_advisory_lock(42)',
    danger: 'The backend keeps the lock: others wait for ever, or get it twice.',
  },
  {
    id: 'named-statement',
    title: 'Named statement',
    statement: 'select 1',
    name: 'find_job',
    danger: 'The name is known on one backend: the next call fails, or runs the statement of another client.',
  },
  {
    id: 'temporary-table',
    title: 'Temporary table',
    statement: 'create temp table basket (id int)',
    danger: 'It is on one backend; the next statement looks for it on another.',
  },
]

/** What came of trying one. */
export interface TrialResult {
  readonly trial: HazardTrial
  readonly at: Date
  readonly refusal:
    | {
        readonly type: string
        readonly code: string
        readonly hazard: string | undefined
        readonly message: string
        readonly hint: string | undefined
      }
    | undefined
  /** Bytes that the socket took for it. */
  readonly bytesSent: number
  /** Requests that the wire guard saw for it. */
  readonly requestsSent: number
  /** The same for `select 1` right afterwards on the same client: the counters count. */
  readonly control: { readonly bytesSent: number; readonly requestsSent: number }
}

const connectMs = 10_000

/**
 * Runs a hazardous statement through the guard, on a client connection of its own whose socket is counted. Statement names
 * are refused on it, where they are usually taken away.
 */
export async function tryHazard(url: string, trial: HazardTrial): Promise<TrialResult> {
  const socket = new Socket()
  const client = new SafeClient({
    connectionString: url,
    application_name: 'hazard-trial',
    connectionTimeoutMillis: connectMs,
    names: 'reject',
    stream: () => socket,
  })
  const audit = wireGuard(client)
  client.on('error', () => undefined)
  const counted = async (
    work: () => Promise<unknown>,
  ): Promise<{ bytesSent: number; requestsSent: number; error: unknown }> => {
    const before = { bytes: socket.bytesWritten, requests: audit.requests }
    let error: unknown
    try {
      await work()
    } catch (caught) {
      error = caught
    }
    return { bytesSent: socket.bytesWritten - before.bytes, requestsSent: audit.requests - before.requests, error }
  }
  try {
    await client.connect()
    const { text, name } = { text: trial.statement, name: trial.name }
    const tried = await counted(() => client.query(name === undefined ? { text } : { text, name }))
    const control = await counted(() => client.query('select 1'))
    return {
      trial,
      at: new Date(),
      refusal: refusalOf(tried.error),
      bytesSent: tried.bytesSent,
      requestsSent: tried.requestsSent,
      control: { bytesSent: control.bytesSent, requestsSent: control.requestsSent },
    }
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Undefined when nothing was refused, whatever PostgreSQL said. */
function refusalOf(error: unknown): TrialResult['refusal'] {
  if (!isPoolerSafeError(error) || error.outcome !== 'not-executed') return undefined
  const { name: type, code, hazard, message, hint } = error
  return { type, code, hazard, message, hint }
}
