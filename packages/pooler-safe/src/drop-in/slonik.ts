/**
 * A driver for Slonik on guarded clients.
 *
 * Slonik's own driver sends its timeouts as start-up parameters, which transaction-mode poolers refuse, and runs DISCARD ALL
 * whenever it gives a client back. This one keeps what they are for: a statement that takes longer than `statementTimeout`
 * is cancelled, a transaction that is idle for longer than `idleInTransactionSessionTimeout` is ended with its client
 * connection, and a client that is given back with a transaction open is destroyed. DISCARD ALL is not sent: a guarded
 * client has no session state.
 *
 * Needs the packages `slonik` (49) and `pg-query-stream`.
 */
import pg from 'pg'
import QueryStream from 'pg-query-stream'
import { PoolerSafeError, SafeClient } from 'pooler-safe'
import { createDriverFactory, IdleTransactionTimeoutError, InvalidInputError } from 'slonik'
import type { DriverConfiguration, DriverFactory } from 'slonik'
import { Transform } from 'node:stream'
import { slonikError } from './slonik-errors.ts'

type Setup = Parameters<typeof createDriverFactory>[0]
type CreatePoolClient = Awaited<ReturnType<Setup>>['createPoolClient']
type PoolClient = Awaited<ReturnType<CreatePoolClient>>
type ClientEvents = Parameters<CreatePoolClient>[0]['clientEventEmitter']

type TypeParser = (value: string) => unknown

/** Stands for the DISCARD ALL of Slonik's default `resetConnection`; it is not sent. */
const releaseCheck = '/* pooler-safe: the client is given back */'

/**
 * Makes Slonik use guarded clients.
 *
 * @example
 * const pool = await createPool(url, { driverFactory: createSafeDriverFactory() })
 */
export function createSafeDriverFactory(): DriverFactory {
  const factory = createDriverFactory(async ({ driverConfiguration }) => {
    const options = clientOptions(driverConfiguration)
    const getTypeParser = await readTypeParsers(options, driverConfiguration)
    return {
      createPoolClient: async ({ clientEventEmitter }) => {
        const password = await readPassword(driverConfiguration)
        const client = new SafeClient({ ...options, ...password, types: { getTypeParser } })
        return poolClient(client, clientEventEmitter, driverConfiguration.idleInTransactionSessionTimeout)
      },
    }
  })
  return ({ driverConfiguration }) =>
    factory({ driverConfiguration: { ...driverConfiguration, resetConnection: resetOf(driverConfiguration) } })
}

function resetOf({ resetConnection }: DriverConfiguration): NonNullable<DriverConfiguration['resetConnection']> {
  return async ({ query }) => {
    await query(releaseCheck)
    await resetConnection?.({
      query: (sql) => (/^\s*discard\s+all\s*;?\s*$/i.test(sql) ? Promise.resolve() : query(sql)),
    })
  }
}

function clientOptions(configuration: DriverConfiguration): pg.ClientConfig {
  const { connectionUri, ssl, connectionTimeout, statementTimeout } = configuration
  return {
    connectionString: connectionUri,
    ...(ssl && { ssl }),
    // Zero means "at once" to Slonik and "never" to pg.
    ...(connectionTimeout !== 'DISABLE_TIMEOUT' && { connectionTimeoutMillis: Math.max(1, connectionTimeout) }),
    ...(statementTimeout !== 'DISABLE_TIMEOUT' && { query_timeout: Math.max(1, statementTimeout) }),
  }
}

async function readPassword({ password }: DriverConfiguration): Promise<{ password?: string }> {
  if (password === undefined) return {}
  return { password: typeof password === 'function' ? await password() : password }
}

/** Slonik names types; results carry their numbers, which differ for types that are not built in. */
async function readTypeParsers(
  options: pg.ClientConfig,
  configuration: DriverConfiguration,
): Promise<(oid: number) => TypeParser> {
  const { typeParsers } = configuration
  const parsers = new Map<number, TypeParser>()
  const client = new SafeClient({ ...options, ...(await readPassword(configuration)) })
  try {
    await client.connect()
    const { rows } = await client.query<{ oid: number; typarray: number; typname: string }>(
      'select oid::int, typarray::int, typname from pg_type where typname = any($1::text[])',
      [typeParsers.map(({ name }) => name)],
    )
    for (const { name, parse } of typeParsers) {
      const type = rows.find(({ typname }) => typname === name)
      if (!type) throw new InvalidInputError(`Database type "${name}" not found.`)
      parsers.set(type.oid, parse)
      if (type.typarray) parsers.set(type.typarray, arrayParser(parse))
    }
  } finally {
    await client.end()
  }
  const builtIn = pg.types.getTypeParser as (oid: number) => TypeParser
  return (oid) => parsers.get(oid) ?? builtIn(oid)
}

function arrayParser(parse: TypeParser): TypeParser {
  // Its types call it a function; it is an object with one.
  const arrays = pg.types.arrayParser as unknown as {
    create(source: string, transform: TypeParser): { parse(): unknown }
  }
  return (value) => arrays.create(value, parse).parse()
}

function poolClient(
  client: SafeClient,
  events: ClientEvents,
  idleTimeout: DriverConfiguration['idleInTransactionSessionTimeout'],
): PoolClient {
  const onError = (error: Error): void => {
    events.emit('error', slonikError(error))
  }
  const onNotice = ({ message }: { message?: string | undefined }): void => {
    if (message) events.emit('notice', { message })
  }
  client.on('error', onError)
  client.on('notice', onNotice)
  let idleTimer: NodeJS.Timeout | undefined
  const watchIdle = (): void => {
    clearTimeout(idleTimer)
    if (client.status === 'I' || client.isDead || idleTimeout === 'DISABLE_TIMEOUT') return
    idleTimer = setTimeout(
      () => {
        events.emit(
          'error',
          new IdleTransactionTimeoutError(new Error(`The transaction was idle for ${idleTimeout} ms.`)),
        )
        ;(client.connection as unknown as { stream: NodeJS.WritableStream & { destroy(): void } }).stream.destroy()
      },
      Math.max(1, idleTimeout),
    ).unref()
  }
  const end = async (): Promise<void> => {
    clearTimeout(idleTimer)
    await client.end()
    client.off('error', onError)
    client.off('notice', onNotice)
  }
  return {
    async connect() {
      await client.connect().catch((error: unknown) => {
        client.off('error', onError)
        client.off('notice', onNotice)
        throw error
      })
    },
    end,
    async query(sql, values, options) {
      if (sql === releaseCheck) return released(client, events)
      clearTimeout(idleTimer)
      try {
        // pooler-safe: allow no-named-statement because the guarded client strips the name, or refuses it if it is told to
        return slonikResult(await client.query({ text: sql, values: values ?? [], name: options?.name ?? '' }))
      } catch (error) {
        const failure = error instanceof Error ? slonikError(error, { sql, values: (values ?? []) as never }) : error
        // What was cancelled may be hit by a late CancelRequest: nobody is to use this client again.
        if (client.evicted && failure instanceof Error) events.emit('error', failure)
        throw failure
      } finally {
        watchIdle()
      }
    },
    stream(sql, values) {
      return streamRows(client, sql, values ?? [])
    },
  }
}

function released(client: SafeClient, events: ClientEvents): Awaited<ReturnType<PoolClient['query']>> {
  if (client.status === 'I') return { command: 'SELECT', fields: [], rowCount: 0, rows: [] }
  const leak = new PoolerSafeError(
    'POOLER_SAFE_LEAKED_TRANSACTION',
    'A client was given back with an open transaction. It was destroyed, which rolls the transaction back.',
    { outcome: 'not-executed', hazard: 'leaked-open-tx', hint: 'Use pool.transaction(handler).' },
  )
  // Slonik destroys the client for what is thrown here, and keeps it to itself; the event reaches the caller.
  events.emit('error', leak)
  throw leak
}

function slonikResult(result: pg.QueryResult | pg.QueryResult[]): Awaited<ReturnType<PoolClient['query']>> {
  if (Array.isArray(result)) throw new InvalidInputError('Must not use multiple statements in a single query.')
  return {
    command: result.command as 'SELECT',
    fields: result.fields.map(slonikField),
    rowCount: result.rowCount,
    rows: result.rows as Record<string, unknown>[],
  }
}

function slonikField({ dataTypeID, name }: pg.FieldDef): { dataTypeId: number; name: string } {
  return { dataTypeId: dataTypeID, name }
}

function streamRows(client: SafeClient, sql: string, values: unknown[]): ReturnType<PoolClient['stream']> {
  const stream = client.query(new QueryStream(sql, values as never[]))
  let fields: ReturnType<typeof slonikField>[] = []
  // It comes when the first rows are asked for, which is when somebody reads.
  const onDescription = (message: { fields: pg.FieldDef[] }): void => {
    fields = message.fields.map(slonikField)
  }
  client.connection.once('rowDescription', onDescription)
  stream.once('close', () => client.connection.off('rowDescription', onDescription))
  const rows = new Transform({
    objectMode: true,
    transform(row: unknown, _encoding, done) {
      done(null, { fields, row })
    },
  })
  stream.on('error', (error: Error) => {
    rows.emit('error', slonikError(error, { sql, values: values as never }))
  })
  return stream.pipe(rows)
}
