import { describe, expect, it } from 'vitest'
import { classifyError, type ErrorClassification } from '../../src/index.ts'

/** The shape that `pg` gives to an ErrorResponse. Poolers send no source position, PostgreSQL always does. */
function sent(severity: string, code: string, message: string) {
  return Object.assign(new Error(message), { name: 'error', severity, code })
}

function fromServer(severity: string, code: string, message: string) {
  return Object.assign(sent(severity, code, message), {
    file: 'postgres.c',
    line: '3235',
    routine: 'ProcessInterrupts',
  })
}

function notice(severity: string, code: string, message: string) {
  return { name: 'notice', severity, code, message, file: 'xact.c', line: '1', routine: 'x' }
}

function system(code: string, syscall: string) {
  return Object.assign(new Error(`${syscall} ${code} 127.0.0.1:6432`), { code, syscall, errno: -1 })
}

type Row = readonly [error: unknown, expected: Partial<ErrorClassification>]

function check(rows: readonly Row[]) {
  it.each(rows.map(([error, expected]) => [describeError(error), error, expected] as const))(
    '%s',
    (_, error, expected) => {
      expect(classifyError(error)).toMatchObject(expected)
    },
  )
}

function describeError(error: unknown) {
  if (typeof error !== 'object' || error === null) return JSON.stringify(error)
  const { severity = '', code = '', message = '' } = error as Record<string, string>
  return `${severity} ${code} ${message}`.trim()
}

const no = { outcome: 'not-executed' } as const
const open = { outcome: 'unknown', retry: 'if-idempotent' } as const

describe('PgBouncer: one SQLSTATE for everything', () => {
  const fatal = (text: string) => sent('FATAL', '08P01', text)
  const at = { origin: 'pgbouncer', sqlState: '08P01', fatal: true } as const
  check([
    [fatal('query_wait_timeout'), { ...at, ...no, retry: 'backoff', hazard: 'checkout-timeouts' }],
    [
      fatal('no more connections allowed (max_client_conn)'),
      { ...at, ...no, retry: 'backoff', hazard: 'double-pool-sizing' },
    ],
    [fatal('client connections exceeded (max_db_client_connections)'), { ...at, ...no, retry: 'backoff' }],
    [
      fatal('server login has been failing, cached error: connect failed (server_login_retry)'),
      { ...at, ...no, retry: 'backoff', hazard: 'retry-storms' },
    ],
    [fatal('pgbouncer cannot connect to server'), { ...at, ...no, retry: 'backoff' }],
    [fatal('pooler is shutting down'), { ...at, ...no, retry: 'backoff', hazard: 'pooler-restart' }],
    [fatal('server shutting down'), { ...at, ...no, retry: 'backoff' }],
    [fatal('database "app" is disabled'), { ...at, ...no, retry: 'backoff' }],
    [fatal('server conn crashed?'), { ...at, ...open, hazard: 'fatal-misattribution' }],
    [fatal('query_timeout'), { ...at, ...no, retry: 'backoff' }],
    [fatal('query timeout'), { ...at, ...open }],
    [fatal('idle transaction timeout'), { ...at, ...no, hazard: 'idle-in-tx' }],
    [fatal('transaction timeout'), { ...at, ...open, hazard: 'idle-in-tx' }],
    [fatal('client_idle_timeout'), { ...at, ...no, retry: 'now', hazard: 'idle-timeouts-mismatch' }],
    [fatal('prepared statement did not exist'), { ...at, ...no, retry: 'never', hazard: 'deallocate-all' }],
    [fatal('prepared statement name is already in use'), { ...at, ...no, retry: 'never', hazard: 'named-parse' }],
    [
      fatal('unsupported startup parameter: statement_timeout'),
      { ...at, ...no, retry: 'never', hazard: 'startup-param-rejected' },
    ],
    [
      fatal('unsupported startup parameter: options'),
      { ...at, ...no, retry: 'never', hazard: 'startup-param-rejected' },
    ],
    [
      fatal('unsupported startup parameter in options: search_path'),
      { ...at, ...no, retry: 'never', hazard: 'startup-param-rejected' },
    ],
    [
      fatal('unsupported startup parameter: replication'),
      { ...at, ...no, retry: 'never', hazard: 'replication-connection' },
    ],
    [fatal('PQexec disallowed'), { ...at, ...no, retry: 'never' }],
    [
      fatal('transaction blocks not allowed in statement pooling mode'),
      { ...at, ...no, retry: 'never', hazard: 'statement-mode' },
    ],
    [fatal('no such database: app'), { ...at, ...no, retry: 'never' }],
    [fatal('database "nosuchdb" does not exist'), { ...at, ...no, retry: 'never' }],
    [fatal('SSL required'), { ...at, ...no, retry: 'never' }],
    [fatal('SASL authentication failed'), { ...at, ...no, retry: 'never' }],
    [fatal('old V2 protocol not supported'), { ...at, ...no, retry: 'never', hazard: 'function-call-protocol' }],
    [fatal('admin forced disconnect'), { ...at, ...open }],
    [fatal('something that a later version says'), { sqlState: '08P01', origin: 'pooler', ...open, fatal: true }],
  ])
})

describe('Supavisor: XX000 with a code in the text', () => {
  const fatal = (text: string, code = 'XX000') => sent('FATAL', code, text)
  const at = { origin: 'supavisor', fatal: true } as const
  check([
    [
      fatal('(EMAXCONN) max client connections reached, limit: 200'),
      { ...at, ...no, retry: 'backoff', hazard: 'double-pool-sizing' },
    ],
    [
      fatal('(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15'),
      { ...at, ...no, retry: 'backoff', hazard: 'wrong-port' },
    ],
    [
      fatal('(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in Transaction mode'),
      { ...at, ...no, retry: 'backoff', hazard: 'checkout-timeouts' },
    ],
    [
      fatal('(ECHECKOUTRETRIES) failed to check out a connection after multiple retries'),
      { ...at, ...no, retry: 'backoff' },
    ],
    [fatal('(EPOOLCHECKOUT) pool checkout failed: :full'), { ...at, ...no, retry: 'backoff' }],
    [
      fatal('(EMAXPOOLSREACHED) max pools count reached'),
      { ...at, ...no, retry: 'backoff', hazard: 'search-path-startup' },
    ],
    [
      fatal('(ESUBSCRIBERETRIES) failed to subscribe to tenant after multiple retries. Terminating'),
      { ...at, ...no, retry: 'backoff' },
    ],
    [
      fatal('(EWORKERNOTFOUND) worker processes (manager/pool) not found for tenant x'),
      { ...at, ...no, retry: 'backoff' },
    ],
    [fatal('(EPOOLCONFIGNOTFOUND) pool configuration not found for x'), { ...at, ...no, retry: 'backoff' }],
    [
      fatal('(EDBHANDLEREXITED) DbHandler exited. Check logs for more information'),
      { ...at, ...open, hazard: 'ambiguous-commit' },
    ],
    [fatal('(ECIRCUITBREAKER) too many failures'), { ...at, ...no, retry: 'backoff', hazard: 'retry-storms' }],
    [fatal('(EAUTHQUERY) authentication query failed'), { ...at, ...no, retry: 'backoff', hazard: 'retry-storms' }],
    [
      fatal('(ENOTFOUND) tenant/user postgres.abc not found'),
      { ...at, ...no, retry: 'never', hazard: 'tenant-routing' },
    ],
    [fatal('Tenant or user not found'), { ...at, ...no, retry: 'never', hazard: 'tenant-routing' }],
    [
      fatal('(ENOIDENTIFIER) no tenant identifier provided (external_id or sni_hostname required)'),
      { ...at, ...no, retry: 'never' },
    ],
    [fatal('(EADDRNOTALLOWED) address not in tenant allow_list: {1, 2, 3, 4}'), { ...at, ...no, retry: 'never' }],
    [
      fatal('(ESSLREQUIRED) SSL connection is required for user: x'),
      { ...at, ...no, retry: 'never', hazard: 'tls-downgrade' },
    ],
    [fatal('(EBANNED) tenant is banned'), { ...at, ...no, retry: 'never' }],
    [
      fatal('(EINVALIDUSERINFO) Authentication error, reason: "Invalid format for user or db_name"'),
      { ...at, ...no, retry: 'never' },
    ],
    [
      fatal('(EPSSIMPLEQUERY) transaction mode only supports prepared statements using the Extended Query Protocol'),
      { ...at, ...no, retry: 'never', hazard: 'sql-prepare' },
    ],
    [
      fatal('(EMAXPREPARED) max prepared statements limit reached. Limit: 100 per connection'),
      { ...at, ...no, retry: 'never', hazard: 'stmt-quota' },
    ],
    [
      fatal('(EMAXPREPAREDMEM) max prepared statements memory limit reached. Limit: 1.0MB per connection'),
      { ...at, ...no, hazard: 'stmt-quota' },
    ],
    [
      fatal('(ESETNOTALLOWED) SET is not allowed in transaction mode'),
      { ...at, ...no, retry: 'never', hazard: 'session-set' },
    ],
    [
      fatal('(EPREPAREDNOTFOUND) prepared statement "s1" does not exist', '26000'),
      { ...at, ...no, retry: 'never', hazard: 'named-parse' },
    ],
    [
      fatal('(EPREPAREDDUP) prepared statement "s1" already exists', '42P05'),
      { ...at, ...no, retry: 'never', hazard: 'failed-parse-poison' },
    ],
    [fatal('(EAUTHTIMEOUT) timeout while waiting for message', '08006'), { ...at, ...no, retry: 'backoff' }],
    [fatal('(ESSLHANDSHAKE) SSL handshake failed: :closed', '08006'), { ...at, ...no, retry: 'backoff' }],
    [fatal('Failed to connect to database', '08006'), { ...at, ...no, retry: 'backoff' }],
    [
      fatal('Authentication credentials are invalid. Please reconnect with current ones', '28P01'),
      { ...at, ...no, retry: 'backoff' },
    ],
    [fatal('(ENEWLYINVENTED) whatever'), { ...at, ...open }],
    [fatal('Internal error (authenticated): :boom'), { ...open, fatal: true }],
  ])
})

describe('Other poolers', () => {
  check([
    [sent('FATAL', '57P01', 'PgDog is shutting down'), { origin: 'pgdog', ...no, retry: 'backoff' }],
    [sent('FATAL', '57P05', 'disconnecting idle client'), { origin: 'pgdog', ...no, retry: 'now', fatal: true }],
    [
      sent('FATAL', '57P05', 'disconnecting idle in transaction client'),
      { origin: 'pgdog', ...no, hazard: 'idle-in-tx' },
    ],
    [
      sent('ERROR', '58000', 'connection pool for user "app" and database "app" is down'),
      { origin: 'pgdog', ...no, retry: 'backoff', fatal: false },
    ],
    [
      sent('ERROR', '58000', 'transaction control statements are not supported in statement pooler mode'),
      { origin: 'pgdog', ...no, retry: 'never' },
    ],
    [
      sent('FATAL', '58000', 'could not get connection from the pool'),
      { origin: 'pgcat', ...no, retry: 'backoff', fatal: false },
    ],
    [sent('FATAL', '58000', 'Pool down'), { origin: 'pgcat', ...no, retry: 'backoff', fatal: false }],
    [
      sent('FATAL', '53300', 'odyssey: c6f3a: too many active clients for user (pool_size for user app.app reached 4)'),
      { origin: 'odyssey', ...no, retry: 'backoff', hazard: 'checkout-timeouts' },
    ],
    [
      sent('FATAL', '08006', 'odyssey: c6f3a: failed to get remote server connection'),
      { origin: 'odyssey', ...no, retry: 'backoff' },
    ],
    [sent('FATAL', '08006', 'Odyssey is gracefully shutting down'), { origin: 'odyssey', ...open }],
    [
      sent('ERROR', '08006', 'odyssey: c6f3a: remote server read/write error s1: Connection reset by peer'),
      { origin: 'odyssey', ...open },
    ],
    [
      sent('FATAL', '08006', 'Connection was dropped by Odyssey due to idle in transaction timeout'),
      { origin: 'odyssey', ...no, hazard: 'idle-in-tx' },
    ],
    [
      sent('FATAL', '28000', 'odyssey: c6f3a: password authentication failed for user "app"'),
      { origin: 'odyssey', ...no, retry: 'never' },
    ],
    [
      sent('ERROR', '3D000', "odyssey: c6f3a: route for 'nosuchdb.app' is not found"),
      { origin: 'odyssey', ...no, retry: 'never' },
    ],
    [sent('FATAL', '53300', 'connection pool is full'), { origin: 'pgagroal', ...no, retry: 'backoff' }],
    [sent('FATAL', 'XX000', 'unable to bind'), { origin: 'pgpool', ...no, retry: 'never', hazard: 'named-parse' }],
    [sent('FATAL', 'XX000', 'unable to read data from DB node 0'), { origin: 'pgpool', ...open }],
    [sent('FATAL', '08006', 'a text of a gateway nobody has met'), { origin: 'pooler', ...open, fatal: true }],
    [sent('ERROR', '58000', 'a text of a gateway nobody has met'), { origin: 'pooler', ...open }],
    [sent('ERROR', 'XX000', 'a text of a gateway nobody has met'), { origin: 'pooler', ...open }],
  ])
})

describe('PostgreSQL', () => {
  const error = (code: string, text: string) => fromServer('ERROR', code, text)
  check([
    [
      fromServer('FATAL', '57P01', 'terminating connection due to administrator command'),
      { origin: 'server', ...no, retry: 'now', fatal: true },
    ],
    [
      sent('FATAL', '57P01', 'terminating connection due to administrator command'),
      { ...no, retry: 'now', fatal: true },
    ],
    [sent('FATAL', '57P01', 'some gateway fails over'), { ...open, fatal: true }],
    [
      fromServer('FATAL', '57P01', 'Verbindung wird abgebrochen aufgrund von Anweisung des Administrators'),
      { ...no, retry: 'now', fatal: true },
    ],
    [
      fromServer('FATAL', '57P02', 'terminating connection because of crash of another server process'),
      { ...open, fatal: true },
    ],
    [fromServer('FATAL', '57P03', 'the database system is starting up'), { ...no, retry: 'backoff', fatal: true }],
    [
      fromServer('FATAL', '53300', 'sorry, too many clients already'),
      { origin: 'server', ...no, retry: 'backoff', fatal: true },
    ],
    [error('40001', 'could not serialize access due to concurrent update'), { ...no, retry: 'now', fatal: false }],
    [
      fromServer('FATAL', '40001', 'terminating connection due to conflict with recovery'),
      { ...no, retry: 'backoff', fatal: true },
    ],
    [error('40P01', 'deadlock detected'), { ...no, retry: 'now' }],
    [error('40003', 'statement completion unknown'), { ...open }],
    [error('55P03', 'canceling statement due to lock timeout'), { ...no, retry: 'backoff' }],
    [error('57014', 'canceling statement due to statement timeout'), { ...no, retry: 'never', hazard: 'session-set' }],
    [error('57014', 'canceling statement due to user request'), { ...no, retry: 'never', hazard: 'cancel-race' }],
    [error('57014', 'COPY from stdin failed: No source stream defined'), { ...no, hazard: 'copy' }],
    [
      error('25P02', 'current transaction is aborted, commands ignored until end of transaction block'),
      { ...no, retry: 'never', hazard: '25p02-cascade' },
    ],
    [
      fromServer('FATAL', '25P03', 'terminating connection due to idle-in-transaction timeout'),
      { ...no, retry: 'backoff', hazard: 'idle-in-tx', fatal: true },
    ],
    [
      error('25001', 'VACUUM cannot run inside a transaction block'),
      { ...no, retry: 'never', hazard: 'long-statements' },
    ],
    [
      error('25006', 'cannot execute INSERT in a read-only transaction'),
      { ...no, retry: 'never', hazard: 'session-characteristics' },
    ],
    [error('25006', 'cannot execute INSERT during recovery'), { ...no, retry: 'never', hazard: 'read-your-writes' }],
    [error('25P01', 'DECLARE CURSOR can only be used in transaction blocks'), { ...no, hazard: 'declare-outside-tx' }],
    [error('25P01', 'SAVEPOINT can only be used in transaction blocks'), { ...no, hazard: 'savepoint-misuse' }],
    [error('25P01', 'LOCK TABLE can only be used in transaction blocks'), { ...no, hazard: 'autocommit-locks' }],
    [error('26000', 'prepared statement "s1" does not exist'), { ...no, retry: 'never', hazard: 'named-parse' }],
    [error('26000', 'prepared statement "PGBOUNCER_34" does not exist'), { ...no, hazard: 'deallocate-all' }],
    [error('26000', 'unnamed prepared statement does not exist'), { ...no, hazard: 'unnamed-split' }],
    [error('42P05', 'prepared statement "s0" already exists'), { ...no, retry: 'never', hazard: 'named-parse' }],
    [
      error('0A000', 'cached plan must not change result type'),
      { ...no, retry: 'now', hazard: 'cached-plan-result-type' },
    ],
    [error('0A000', 'cross-database references are not implemented'), { ...no, retry: 'never' }],
    [
      error('08P01', 'bind message supplies 3 parameters, but prepared statement "" requires 0'),
      { ...no, retry: 'never', hazard: 'unnamed-split', fatal: false },
    ],
    [
      fromServer('FATAL', '08P01', 'invalid frontend message type 109'),
      { ...open, hazard: 'sync-pipelining', fatal: true },
    ],
    [error('08P01', 'incomplete message from client'), { ...open, hazard: 'sync-pipelining', fatal: true }],
    [error('34000', 'cursor "c" does not exist'), { ...no, hazard: 'with-hold-cursor' }],
    [error('34000', 'portal "C_2" does not exist'), { ...no, hazard: 'portal-pinning' }],
    [
      error('42601', 'cannot insert multiple commands into a prepared statement'),
      { ...no, hazard: 'simple-multi-parse' },
    ],
    [
      error('55000', 'currval of sequence "t_id_seq" is not yet defined in this session'),
      { ...no, hazard: 'currval-lastval' },
    ],
    [error('55000', 'lastval is not yet defined in this session'), { ...no, hazard: 'currval-lastval' }],
    [error('42704', 'invalid large-object descriptor: 0'), { ...no, hazard: 'large-objects' }],
    [error('22P02', 'invalid input syntax for type uuid: ""'), { ...no, hazard: 'guc-empty-string' }],
    [error('22P02', 'invalid input syntax for type double precision: ""'), { ...no, hazard: 'guc-empty-string' }],
    [error('22P02', 'invalid input syntax for type integer: "x"'), { ...no, retry: 'never' }],
    [
      error('23505', 'duplicate key value violates unique constraint "u"'),
      { ...no, retry: 'never', condition: 'constraint-violation' },
    ],
    [error('23503', 'insert or update on table "t" violates foreign key constraint'), { ...no, retry: 'never' }],
    [error('42P01', 'relation "t" does not exist'), { ...no, retry: 'never' }],
    [error('22012', 'division by zero'), { ...no, retry: 'never' }],
    [error('53100', 'could not extend file: No space left on device'), { ...no, retry: 'backoff' }],
    [error('XX000', 'cache lookup failed for type 1'), { origin: 'server', ...no, retry: 'never' }],
    [error('XX000', 'tuple concurrently updated'), { origin: 'server', ...no, retry: 'backoff' }],
    [error('58030', 'could not read file: Input/output error'), { origin: 'server', ...no, retry: 'backoff' }],
    [fromServer('PANIC', 'XX000', 'could not write to file'), { ...open, fatal: true }],
    [
      fromServer('FATAL', '28P01', 'password authentication failed for user "app"'),
      { ...no, retry: 'never', fatal: true },
    ],
    [fromServer('FATAL', '3D000', 'database "x" does not exist'), { ...no, retry: 'never', fatal: true }],
    [fromServer('ВАЖНО', '57P03', 'система баз данных запускается'), { ...no, retry: 'backoff', fatal: true }],
  ])
})

describe('warnings and notices', () => {
  check([
    [
      notice('WARNING', '25001', 'there is already a transaction in progress'),
      { outcome: 'executed', hazard: 'already-in-tx', fatal: true },
    ],
    [
      notice('WARNING', '25P01', 'there is no transaction in progress'),
      { outcome: 'executed', hazard: 'commit-outside-tx', fatal: true },
    ],
    [
      notice('WARNING', '25P01', 'SET LOCAL can only be used in transaction blocks'),
      { outcome: 'executed', hazard: 'set-local-outside-tx', fatal: false },
    ],
    [
      notice('WARNING', '01000', "you don't own a lock of type ExclusiveLock"),
      { outcome: 'executed', hazard: 'advisory-session-lock' },
    ],
    [notice('WARNING', '01000', 'PID -1000045008 is not a PostgreSQL backend process'), { hazard: 'backend-identity' }],
    [
      notice(
        'WARNING',
        '57P01',
        'canceling the wait for synchronous replication and terminating connection due to administrator command',
      ),
      { outcome: 'executed', condition: 'committed-locally' },
    ],
    [
      notice('WARNING', '57P02', 'terminating connection because of crash of another server process'),
      { ...open, fatal: true },
    ],
    [notice('NOTICE', '00000', 'relation exists, skipping'), { outcome: 'unknown', retry: 'never', fatal: false }],
  ])
})

describe('drivers and networks', () => {
  check([
    [new Error('Connection terminated unexpectedly'), { origin: 'driver', ...open, fatal: true }],
    [new Error('Connection terminated'), { ...open, fatal: true }],
    [new Error('timeout exceeded when trying to connect'), { ...no, retry: 'backoff' }],
    [new Error('Query read timeout'), { ...open, hazard: 'query-timeout-client-only', fatal: true }],
    [new Error('Client has encountered a connection error and is not queryable'), { ...no, retry: 'now', fatal: true }],
    [
      new Error('Received unexpected commandComplete message from backend.'),
      { ...open, hazard: 'sync-pipelining', fatal: true },
    ],
    [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), { ...no, retry: 'never' }],
    [new Error('The server does not support SSL connections'), { ...no, retry: 'never', hazard: 'tls-downgrade' }],
    [system('ECONNREFUSED', 'connect'), { origin: 'network', ...no, retry: 'backoff', fatal: true }],
    [system('ENOTFOUND', 'getaddrinfo'), { ...no, retry: 'backoff' }],
    [system('ETIMEDOUT', 'connect'), { ...no, retry: 'backoff' }],
    [system('ETIMEDOUT', 'read'), { ...open, fatal: true }],
    [system('ECONNRESET', 'read'), { ...open, fatal: true }],
    [system('EPIPE', 'write'), { ...open, fatal: true }],
    [system('SELF_SIGNED_CERT_IN_CHAIN', 'connect'), { ...no, retry: 'never', hazard: 'tls-downgrade' }],
    [{ code: 'CONNECTION_CLOSED', message: 'write CONNECTION_CLOSED localhost:5432' }, { ...open }],
    [
      { code: 'CONNECT_TIMEOUT', message: 'write CONNECT_TIMEOUT localhost:5432' },
      { ...no, retry: 'backoff' },
    ],
    [
      { code: 'UNSAFE_TRANSACTION', message: 'Only use sql.begin, sql.reserved or max: 1' },
      { ...no, hazard: 'begin-not-reserved' },
    ],
    [
      { code: 'P2034', message: 'Transaction failed due to a write conflict or a deadlock.' },
      { ...no, retry: 'now' },
    ],
    [
      { code: 'P2002', message: 'Unique constraint failed' },
      { condition: 'unrecognised', ...open },
    ],
    [new DOMException('This operation was aborted', 'AbortError'), { outcome: 'unknown', retry: 'never' }],
  ])
})

describe('wrappers', () => {
  const deadlock = fromServer('ERROR', '40P01', 'deadlock detected')
  const wait = sent('FATAL', '08P01', 'query_wait_timeout')
  check([
    [
      new Error('could not save', { cause: new Error('outer', { cause: deadlock }) }),
      { condition: 'deadlock', ...no, retry: 'now' },
    ],
    [Object.assign(new Error('x'), { driverError: wait }), { condition: 'query-wait-timeout' }],
    [Object.assign(new Error('x'), { original: wait }), { condition: 'query-wait-timeout' }],
    [
      Object.assign(new Error('x'), { code: 'P2010', meta: { code: '40001', message: 'x' } }),
      { condition: 'serialization-failure' },
    ],
    [
      Object.assign(new AggregateError([system('ECONNREFUSED', 'connect'), system('ECONNREFUSED', 'connect')]), {
        code: 'ECONNREFUSED',
      }),
      { ...no, retry: 'backoff' },
    ],
    [new AggregateError([system('ECONNREFUSED', 'connect'), system('ECONNRESET', 'read')]), { ...open }],
    [new AggregateError([system('ECONNREFUSED', 'connect'), new Error('?')]), { ...open, fatal: true }],
    [
      Object.assign(new Error('Failed query: select 1\nFATAL: query_wait_timeout'), { cause: deadlock }),
      { condition: 'deadlock' },
    ],
    [
      Object.assign(new Error('the batch was rolled back'), { code: 'BATCH', outcome: 'executed', cause: deadlock }),
      { outcome: 'executed', retry: 'never' },
    ],
    [Object.assign(new Error('unclear'), { outcome: 'unknown', cause: deadlock }), { ...open, condition: 'deadlock' }],
    [Object.assign(new Error('refused'), { outcome: 'not-executed', hazard: 'listen' }), { ...no, hazard: 'listen' }],
    [
      Object.assign(new Error('refused'), { outcome: 'perhaps', hazard: 'no-such' }),
      { ...open, condition: 'unrecognised' },
    ],
  ])
})

describe('texts', () => {
  check([
    ['FATAL: query_wait_timeout (SQLSTATE 08P01)', { origin: 'pgbouncer', sqlState: '08P01', fatal: true }],
    ['error: prepared statement "s0" already exists', { hazard: 'named-parse' }],
    ['ERROR:  prepared statement "s0" already exists', { hazard: 'named-parse' }],
    ['FATAL 08P01: unsupported startup parameter: options', { sqlState: '08P01', hazard: 'startup-param-rejected' }],
    ['40001', { sqlState: '40001', retry: 'now' }],
    ['ERROR: deadlock detected (SQLSTATE 40P01)', { condition: 'deadlock' }],
    [
      'Error occurred during query execution: ConnectorError(ConnectorError { user_facing_error: None, kind: QueryError(PostgresError { code: "26000", message: "prepared statement \\"s2\\" does not exist", severity: "ERROR", detail: None }) })',
      { sqlState: '26000', hazard: 'named-parse' },
    ],
    ['Error querying the database: FATAL: Tenant or user not found', { origin: 'supavisor', hazard: 'tenant-routing' }],
    ['08P01', { ...open, origin: 'pooler' }],
    ['nothing known', { ...open, condition: 'unrecognised' }],
    ['', { ...open, condition: 'unrecognised' }],
  ])
})

describe('what the caller knows', () => {
  it('nothing sent means not executed, whatever broke', () => {
    expect(classifyError(new Error('Connection terminated unexpectedly'), { sent: false })).toMatchObject({
      ...no,
      retry: 'backoff',
    })
    expect(classifyError('nonsense', { sent: false })).toMatchObject({ ...no, retry: 'backoff' })
  })

  it('I5: a fatal error after COMMIT was sent leaves the outcome unknown', () => {
    const terminated = fromServer('FATAL', '57P01', 'terminating connection due to administrator command')
    expect(classifyError(terminated, { committing: true })).toMatchObject({ ...open, hazard: 'ambiguous-commit' })
  })

  it('an ordinary error at COMMIT proves the rollback', () => {
    const conflict = fromServer('ERROR', '40001', 'could not serialize access due to read/write dependencies')
    expect(classifyError(conflict, { committing: true })).toMatchObject({ ...no, retry: 'now' })
  })

  it('a unit that ends in COMMIT and never got a backend was not executed', () => {
    expect(classifyError(sent('FATAL', '08P01', 'query_wait_timeout'), { committing: true })).toMatchObject(no)
  })

  it('an error of a command without a transaction proves nothing', () => {
    const failed = fromServer('ERROR', '23505', 'could not create unique index "u"')
    expect(classifyError(failed, { transactional: false })).toMatchObject({ outcome: 'unknown', retry: 'never' })
    expect(classifyError(fromServer('ERROR', '55P03', 'x'), { transactional: false })).toMatchObject(open)
    expect(classifyError(sent('FATAL', '08P01', 'query_wait_timeout'), { transactional: false })).toMatchObject(no)
  })

  it('I8: the outcome that a wrapper has established is kept', () => {
    const wrapped = Object.assign(new Error('x'), { outcome: 'unknown' })
    expect(classifyError(wrapped, { sent: false })).toMatchObject({ outcome: 'unknown' })
  })
})
