import type pg from 'pg'
import { createDatabase, hazardOf } from 'pooler-safe'
import { connect, inTransaction } from './clients.ts'
import type { SessionFacts, StartupAnswer } from './diagnosis.ts'

/** The parameters that programs send at start-up. */
const parameters = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'search_path'] as const
/** Not one of the names that an audit takes for a pooler's own. */
const probeName = 'doctor_probe'

/** Finds out how an endpoint treats sessions. */
export async function probeSession(url: string, timeoutMs: number): Promise<SessionFacts> {
  const mode = await probeMode(url)
  const client = await connect(url, timeoutMs)
  try {
    const started = performance.now()
    const turns = 5
    for (let turn = 0; turn < turns; turn += 1) await client.query('select 1')
    const backendRoundTripMs = Math.round(((performance.now() - started) / turns) * 100) / 100
    const isPinnable = mode.mode !== 'statement'
    return {
      ...mode,
      namedStatements: isPinnable ? await probeNames(client) : 'not-probed',
      syncsInFlight: isPinnable ? await probeSyncs(client, timeoutMs) : 'not-probed',
      startup: isPinnable ? await probeStartup(url, timeoutMs, client) : {},
      backendRoundTripMs,
    }
  } finally {
    await client.end()
  }
}

async function probeMode(url: string): Promise<Pick<SessionFacts, 'mode' | 'serverVersion' | 'evidence'>> {
  const db = createDatabase({ url, max: 1 })
  try {
    const { mode, serverVersion, evidence } = await db.verify()
    return { mode, serverVersion, evidence }
  } catch (error) {
    if (hazardOf(error) !== 'statement-mode') throw error
    return { mode: 'statement', serverVersion: 'unknown', evidence: ['it refuses BEGIN'] }
  } finally {
    await db.close()
  }
}

/**
 * What becomes of a name: looked for among the statements of the backend, in the transaction that made it. Closed there
 * again, so that nothing stays.
 */
async function probeNames(client: pg.Client): Promise<SessionFacts['namedStatements']> {
  const wire = wireOf(client)
  return inTransaction(client, async () => {
    try {
      // The hazard itself, on purpose: it is closed in the transaction that made it.
      await exchange(client, () => {
        wire.parse({ name: probeName, text: 'select 1', types: [] })
        wire.sync()
      })
      const { rows } = await client.query<{ name: string }>(
        'select name from pg_catalog.pg_prepared_statements where name = $1',
        [probeName],
      )
      await exchange(client, () => {
        wire.close({ type: 'S', name: probeName })
        wire.sync()
      })
      return rows.length > 0 ? 'kept' : 'translated'
    } catch {
      return 'refused'
    }
  })
}

/** Three requests sent before the first is answered, inside one transaction: there they cannot reach strangers. */
async function probeSyncs(client: pg.Client, timeoutMs: number): Promise<SessionFacts['syncsInFlight']> {
  const wire = wireOf(client)
  let answers = 0
  const count = (): void => void (answers += 1)
  try {
    await inTransaction(client, async () => {
      wire.on('readyForQuery', count)
      const done = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs)
        wire.on('readyForQuery', () => {
          if (answers < 3) return
          clearTimeout(timer)
          resolve()
        })
      })
      await exchange(client, () => {
        // The client takes ReadyForQuery that nobody waits for, and no other answer.
        wire.parse({ name: '', text: 'select 1', types: [] })
        for (let request = 0; request < 3; request += 1) wire.sync()
      })
      await done
      wire.off('readyForQuery', count)
    })
  } catch {
    return 'lost'
  }
  return answers >= 3 ? 'answered' : 'lost'
}

/**
 * Sends each parameter with the value that it has anyway. Where the value came from tells whether it arrived.
 */
async function probeStartup(url: string, timeoutMs: number, client: pg.Client): Promise<Record<string, StartupAnswer>> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    'select name, setting from pg_catalog.pg_settings where name = any($1)',
    [[...parameters]],
  )
  const answers: Record<string, StartupAnswer> = {}
  for (const { name, setting } of rows) {
    const isOption = name === 'search_path'
    // Blanks and backslashes in `options` are escaped by a backslash.
    const options = `-c search_path=${setting.replace(/[\s\\]/g, '\\$&')}`
    answers[isOption ? 'options=-c search_path' : name] = await tryParameter(
      url,
      timeoutMs,
      name,
      isOption ? { options } : { [name]: setting === '0' ? '0' : Number(setting) },
    )
  }
  return answers
}

async function tryParameter(url: string, timeoutMs: number, name: string, config: object): Promise<StartupAnswer> {
  let client: pg.Client
  try {
    client = await connect(url, timeoutMs, config)
  } catch {
    return 'refused'
  }
  try {
    const source = await sourceOf(client, name)
    return source === 'client' ? 'applied' : source === 'session' ? 'set-in-session' : 'dropped'
  } finally {
    await client.end()
  }
}

/**
 * Where a setting of this client's backend comes from. What a pooler has set there for this client is taken back in the same
 * transaction: no later one is certain to have that backend.
 */
async function sourceOf(client: pg.Client, name: string): Promise<string | undefined> {
  await client.query('begin read only')
  try {
    const { rows } = await client.query<{ source: string }>(
      'select source from pg_catalog.pg_settings where name = $1',
      [name],
    )
    const source = rows[0]?.source
    // pooler-safe: allow no-session-state because it takes back what the pooler set for this probe
    if (source === 'session') await client.query(`reset ${client.escapeIdentifier(name)}`)
    return source
  } finally {
    await client.query('commit')
  }
}

/** The messages that pg itself sends; its types leave them out. */
interface Wire {
  parse(query: { name: string; text: string; types: readonly number[] }): void
  close(what: { type: 'S'; name: string }): void
  sync(): void
  on(event: 'readyForQuery', listener: () => void): void
  off(event: 'readyForQuery', listener: () => void): void
}

function wireOf(client: pg.Client): Wire {
  return (client as unknown as { readonly connection: Wire }).connection
}

/** Sends messages in the client's turn, and waits for the first ReadyForQuery. */
function exchange(client: pg.Client, send: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined
    client.query({
      submit: send,
      handleError: (error: Error) => (failure = error),
      handleReadyForQuery: () => (failure ? reject(failure) : resolve()),
      handleRowDescription: () => undefined,
      handleDataRow: () => undefined,
      handleCommandComplete: () => undefined,
      handleEmptyQuery: () => undefined,
      handlePortalSuspended: () => undefined,
    } as pg.Submittable)
  })
}
