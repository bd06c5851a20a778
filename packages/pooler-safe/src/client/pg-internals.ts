/**
 * The part of `pg` that the guard is built on and that its public types leave out. Everything undocumented that is
 * used of `pg` is named here, and {@link assertSupportedPg} refuses a copy that lacks it: unguarded is worse than not at all.
 */
import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import pg from 'pg'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { originals } from './originals.ts'

/** The status byte of ReadyForQuery: idle, in a transaction, in a failed transaction. */
export type TransactionStatus = 'I' | 'T' | 'E'

export interface ReadyForQueryMessage {
  readonly status?: TransactionStatus
}

export interface CommandCompleteMessage {
  readonly text: string
}

/** An ErrorResponse or NoticeResponse as `pg-protocol` decodes it. */
export interface ServerMessage extends Error {
  readonly code?: string
  readonly severity?: string
}

export interface ParseRequest {
  readonly name?: string
  readonly text: string
  readonly types?: readonly unknown[] | null
}

export interface BindRequest {
  readonly portal?: string
  readonly statement?: string
  readonly values?: readonly unknown[] | null
  readonly valueMapper?: (value: unknown, index: number) => unknown
  readonly binary?: boolean
}

export interface ExecuteRequest {
  readonly portal?: string
  readonly rows?: number | undefined
}

export interface NamedRequest {
  readonly type: 'S' | 'P'
  readonly name?: string
}

/** What `pg.Connection` is underneath. */
export interface ConnectionInternals extends EventEmitter {
  stream: Duplex
  ssl: unknown
  sslNegotiation?: string
  parsedStatements: object
  submittedNamedStatements: object
  _ending: boolean
  _connecting: boolean
  _keepAlive?: boolean
  _keepAliveInitialDelayMillis?: number
  connect(port: number | string, host?: string): void
  requestSsl(): void
  cancel(processId: number, secretKey: number): void
  _send(buffer: Buffer): boolean | undefined
  query(text: string): void
  parse(request: ParseRequest): void
  bind(request: BindRequest): void
  describe(request: NamedRequest): void
  execute(request: ExecuteRequest): void
  close(request: NamedRequest): void
  flush(): void
  sync(): void
}

/** What `pg.Result` is underneath. */
export interface ResultInternals {
  command: string | null
  rowCount: number | null
  rows: unknown[]
  fields: unknown[]
  addFields(fields: unknown): void
  addCommandComplete(message: CommandCompleteMessage): void
  parseRow(fields: unknown): unknown
  addRow(row: unknown): void
}

type ResultClass = new (rowMode: string | undefined, types: unknown) => ResultInternals

const undocumented = pg as unknown as {
  readonly Result: ResultClass
  readonly utils: { prepareValue(value: unknown): string | Buffer | null | undefined }
}
/** Its absence is found out by {@link assertSupportedPg}, before anything uses it. */
export const PgResult = undocumented.Result
export const pgUtils = undocumented.utils

/** What `pg.Query` is underneath. */
export interface QueryInternals extends EventEmitter {
  text: string | undefined
  values: readonly unknown[] | undefined
  rows: number | undefined
  types: unknown
  name: string | undefined
  queryMode: string | undefined
  callback: QueryCallback | undefined
  _result: { command: string | null } & Record<string, unknown>
  _results: unknown
  _canceledDueToError: unknown
  requiresPreparation(): boolean
  submit(connection: ConnectionInternals): Error | null | undefined
  prepare(connection: ConnectionInternals): void
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: CommandCompleteMessage, connection: ConnectionInternals): void
  handleEmptyQuery(connection: ConnectionInternals): void
  handleError(error: unknown, connection: ConnectionInternals): void
  handleReadyForQuery(connection: ConnectionInternals): void
}

export type QueryCallback = (error: unknown, result?: unknown) => void

/** Anything `client.query` can run: `pg.Query`, `pg-cursor`, `pg-query-stream`, `pg-copy-streams`. */
export interface Submittable {
  text?: unknown
  name?: unknown
  callback?: QueryCallback | undefined
  submit(connection: ConnectionInternals): unknown
  handleError(error: unknown, connection: ConnectionInternals): void
  handleReadyForQuery(connection: ConnectionInternals): void
}

/** What `pg.Client` is underneath. */
export interface ClientInternals {
  _Promise: PromiseConstructor
  _activeQuery: Submittable | null | undefined
  _queryQueue: Submittable[]
  _queryable: boolean
  _connecting: boolean
  _ending: boolean
  _ended: boolean
  readyForQuery?: boolean
  /** A query was started at least once. */
  hasExecuted?: boolean
  secretKey: number | null
  processID: number | null
  connectionParameters: Record<string, unknown>
  _errorAllQueries(error: Error): void
  _handleErrorMessage(message: ServerMessage): void
  _handleErrorEvent(error: Error): void
  _handleReadyForQuery(message: ReadyForQueryMessage): void
  _handleCommandComplete(message: CommandCompleteMessage): void
  _handleNotice(message: ServerMessage): void
  getStartupConf(): Record<string, string>
}

/** A client that waits in a pool. */
export interface IdleItem {
  readonly client: { ref(): void }
  readonly idleListener: unknown
  readonly timeoutId?: NodeJS.Timeout
}

/** What `pg.Pool` is underneath. */
export interface PoolInternals {
  Promise: PromiseConstructor
  ending: boolean
  _idle: IdleItem[]
  _pendingQueue: unknown[]
  _release(client: unknown, idleListener: unknown, error?: unknown): void
  _acquireClient(client: unknown, pendingItem: unknown, idleListener: unknown, isNew: boolean): void
}

const needed: readonly (readonly [owner: string, prototype: unknown, methods: readonly string[]])[] = [
  [
    'Client',
    originals.Client.prototype,
    [
      'getStartupConf',
      '_errorAllQueries',
      '_handleErrorMessage',
      '_handleErrorEvent',
      '_handleReadyForQuery',
      '_handleCommandComplete',
      '_handleNotice',
      '_pulseQueryQueue',
    ],
  ],
  [
    'Connection',
    pg.Connection.prototype,
    ['_send', 'query', 'parse', 'bind', 'describe', 'execute', 'close', 'flush', 'sync', 'cancel', 'requestSsl'],
  ],
  [
    'Query',
    pg.Query.prototype,
    [
      'submit',
      'prepare',
      'handleRowDescription',
      'handleDataRow',
      'handleCommandComplete',
      'handleError',
      'handleReadyForQuery',
    ],
  ],
  [
    'Result',
    (PgResult as ResultClass | undefined)?.prototype,
    ['addFields', 'addCommandComplete', 'parseRow', 'addRow'],
  ],
  ['Pool', originals.Pool.prototype, ['_release', '_acquireClient', 'connect', 'query']],
]

let checked = false

/**
 * Refuses a copy of `pg` that cannot be guarded: the native one, or one whose internals have changed.
 *
 * @throws PoolerSafeError POOLER_SAFE_NATIVE_BINDINGS, POOLER_SAFE_UNSUPPORTED_PG
 */
export function assertSupportedPg(): void {
  if (checked) return
  if (
    !hasMethod(originals.Client.prototype, '_handleReadyForQuery') &&
    hasMethod(originals.Client.prototype, 'isConnected')
  ) {
    throw nativeBindings('pg.Client is the native one (NODE_PG_FORCE_NATIVE is set)')
  }
  for (const [owner, prototype, methods] of needed) {
    const missing = methods.filter((method) => !hasMethod(prototype, method))
    if (missing.length === 0) continue
    throw new PoolerSafeError(
      'POOLER_SAFE_UNSUPPORTED_PG',
      `This copy of pg has no ${owner}.prototype.${missing.join(', ')}, which the guard is built on.`,
      {
        outcome: 'not-executed',
        hint: 'Use a pg version inside the peer range of pooler-safe (8.21 or newer, below 9).',
      },
    )
  }
  checked = true
}

export function nativeBindings(found: string): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_NATIVE_BINDINGS',
    `${found}: libpq writes to the socket by itself, so nothing could be guarded.`,
    {
      outcome: 'not-executed',
      hint: 'Use the JavaScript client: import pg from "pg" without .native, and unset NODE_PG_FORCE_NATIVE.',
    },
  )
}

function hasMethod(prototype: unknown, method: string): boolean {
  return typeof prototype === 'object' && prototype !== null && typeof Reflect.get(prototype, method) === 'function'
}
