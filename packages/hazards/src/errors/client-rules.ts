import type { ErrorRule } from './rule.ts'

/** Errors of drivers and of the network between the program and the pooler. Most of them carry no SQLSTATE. */

const lost =
  'The client connection broke while something may have been under way. Find out whether the unit was committed before repeating it.'
const elsewhere = 'This client connection is dead; nothing was sent on it. Run the unit on another one.'
const unreachable = 'Nothing answers at this host and port. Check the URL, or wait until the pooler is back.'
const certificate =
  'The certificate of the pooler was not accepted. Give its certificate authority in `ssl.ca`; do not turn verification off.'
const misuse = 'The driver refuses this call; nothing was sent.'

const network: readonly ErrorRule[] = (
  [
    {
      condition: 'unreachable',
      codes: ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EADDRNOTAVAIL', 'ENOENT'],
      outcome: 'not-executed',
      retry: 'backoff',
      hazard: 'pooler-restart',
      hint: unreachable,
    },
    {
      condition: 'unreachable',
      codes: ['ETIMEDOUT', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EACCES', 'EPERM'],
      syscalls: ['connect', 'getaddrinfo', 'queryA', 'queryAaaa'],
      outcome: 'not-executed',
      retry: 'backoff',
      hazard: 'pooler-restart',
      hint: unreachable,
    },
    {
      condition: 'connection-lost',
      codes: [
        'ECONNRESET',
        'EPIPE',
        'ETIMEDOUT',
        'ECONNABORTED',
        'EHOSTUNREACH',
        'ENETUNREACH',
        'EHOSTDOWN',
        'ENETDOWN',
        'ENOTCONN',
        'ESHUTDOWN',
        'ERR_STREAM_DESTROYED',
        'ERR_STREAM_WRITE_AFTER_END',
        'ERR_STREAM_PREMATURE_CLOSE',
        'ERR_SOCKET_CLOSED',
      ],
      outcome: 'unknown',
      retry: 'if-idempotent',
      hazard: 'ambiguous-commit',
      hint: lost,
    },
    {
      condition: 'out-of-sockets',
      codes: ['EMFILE', 'ENFILE', 'ENOBUFS'],
      outcome: 'not-executed',
      retry: 'backoff',
      hint: 'The process has no file descriptors left. Look for client connections that are never released.',
    },
    {
      condition: 'certificate-not-accepted',
      codes: [
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'UNABLE_TO_GET_ISSUER_CERT',
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        'CERT_HAS_EXPIRED',
        'CERT_NOT_YET_VALID',
        'CERT_UNTRUSTED',
        'CERT_REVOKED',
        'CERT_SIGNATURE_FAILURE',
        'HOSTNAME_MISMATCH',
        'ERR_TLS_CERT_ALTNAME_INVALID',
      ],
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'tls-downgrade',
      hint: certificate,
    },
  ] satisfies Omit<ErrorRule, 'origin'>[]
).map((rule) => ({ ...rule, origin: 'network', fatal: true }))

const driver: readonly ErrorRule[] = (
  [
    // node-postgres
    {
      condition: 'connect-timeout',
      pattern:
        /^(?:timeout exceeded when trying to connect|timeout expired|Connection terminated due to connection timeout)$/,
      outcome: 'not-executed',
      retry: 'backoff',
      hazard: 'checkout-timeouts',
      hint: 'No client connection became free, or the pooler did not answer, within connectionTimeoutMillis.',
      fatal: true,
    },
    {
      condition: 'connection-lost',
      pattern: /^Connection terminated(?: unexpectedly)?$/,
      outcome: 'unknown',
      retry: 'if-idempotent',
      hazard: 'ambiguous-commit',
      hint: lost,
      fatal: true,
    },
    {
      condition: 'client-not-queryable',
      pattern: /^Client has encountered a connection error and is not queryable$/,
      outcome: 'not-executed',
      retry: 'now',
      hazard: 'fatal-misattribution',
      hint: elsewhere,
      fatal: true,
    },
    {
      condition: 'client-closed',
      pattern: /^Client was closed and is not queryable$/,
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'checkout-leak',
      hint: 'The client was used after its end.',
      fatal: true,
    },
    {
      condition: 'query-read-timeout',
      pattern: /^Query read timeout$/,
      outcome: 'unknown',
      retry: 'if-idempotent',
      hazard: 'query-timeout-client-only',
      hint: 'The program stopped waiting, the server did not stop working. Set statement_timeout per transaction, below query_timeout.',
      fatal: true,
    },
    {
      condition: 'unexpected-message',
      pattern: /^Received unexpected \w+ message from backend\./,
      outcome: 'unknown',
      retry: 'if-idempotent',
      hazard: 'sync-pipelining',
      hint: 'The answer belongs to another request. Destroy the client connection, and keep one Sync unanswered at most.',
      fatal: true,
    },
    {
      condition: 'statement-name-reused',
      pattern: /^Prepared statements must be unique - /,
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'named-parse',
      hint: 'Use unnamed statements: do not give queries a name.',
    },
    {
      condition: 'double-release',
      pattern: /^Release called on client which has already been released to the pool\.$/,
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'checkout-leak',
      hint: 'Release a client once, in finally.',
    },
    {
      condition: 'not-in-pipeline',
      pattern: /^.{0,100} not supported in pipeline mode$/,
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'sync-pipelining',
      hint: 'Leave `pipeline` off.',
    },
    {
      condition: 'pool-ended',
      pattern: /^(?:Cannot use a pool after calling end on the pool|Called end on pool more than once)$/,
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'allow-exit-on-idle',
      hint: 'The pool is closed. Finish background work before ending it.',
    },
    {
      condition: 'login-refused',
      pattern: /^SASL: /,
      outcome: 'not-executed',
      retry: 'never',
      hint: 'The SCRAM login failed. Check the password; behind a pooler, both sides must know the same secret.',
      fatal: true,
    },
    {
      condition: 'tls-not-supported',
      pattern: /^(?:The server does not support SSL connections|There was an error establishing an SSL connection)$/,
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'tls-downgrade',
      hint: 'The endpoint does not speak TLS. Check the URL, or configure TLS on the pooler.',
      fatal: true,
    },
    {
      condition: 'driver-misuse',
      pattern:
        /^(?:Query values must be an array|A query must have either text or a name|Binary mode not supported yet|Client has already been connected|Passing a function as the first parameter to pool\.query|circular reference detected while preparing)/,
      outcome: 'not-executed',
      retry: 'never',
      hint: misuse,
    },
    // postgres.js
    {
      condition: 'connection-lost',
      codes: ['CONNECTION_CLOSED', 'CONNECTION_DESTROYED'],
      outcome: 'unknown',
      retry: 'if-idempotent',
      hazard: 'ambiguous-commit',
      hint: lost,
      fatal: true,
    },
    {
      condition: 'connect-timeout',
      codes: ['CONNECT_TIMEOUT'],
      outcome: 'not-executed',
      retry: 'backoff',
      hazard: 'checkout-timeouts',
      hint: unreachable,
      fatal: true,
    },
    {
      condition: 'pool-ended',
      codes: ['CONNECTION_ENDED'],
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'allow-exit-on-idle',
      hint: 'The pool is closed. Finish background work before ending it.',
      fatal: true,
    },
    {
      condition: 'begin-refused',
      codes: ['UNSAFE_TRANSACTION'],
      outcome: 'not-executed',
      retry: 'never',
      hazard: 'begin-not-reserved',
      hint: 'Open transactions with sql.begin, on a client with the default max_pipeline.',
    },
    {
      condition: 'driver-misuse',
      codes: ['NOT_TAGGED_CALL', 'MAX_PARAMETERS_EXCEEDED', 'UNDEFINED_VALUE', 'MESSAGE_NOT_SUPPORTED'],
      outcome: 'not-executed',
      retry: 'never',
      hint: misuse,
    },
    {
      condition: 'login-refused',
      codes: ['SASL_SIGNATURE_MISMATCH', 'AUTH_TYPE_NOT_IMPLEMENTED'],
      outcome: 'not-executed',
      retry: 'never',
      hint: 'The login failed. Check the password and the method the pooler asks for.',
      fatal: true,
    },
    // Prisma
    {
      condition: 'unreachable',
      codes: ['P1001'],
      outcome: 'not-executed',
      retry: 'backoff',
      hazard: 'pooler-restart',
      hint: unreachable,
    },
    {
      condition: 'login-refused',
      codes: ['P1000', 'P1003', 'P1010', 'P1011'],
      outcome: 'not-executed',
      retry: 'never',
      hint: 'Prisma could not log in. Check user name, password, database and TLS.',
    },
    {
      condition: 'checkout-timeout',
      codes: ['P2024'],
      outcome: 'not-executed',
      retry: 'backoff',
      hazard: 'checkout-timeouts',
      hint: 'No client connection became free in time. Shorten transactions.',
    },
    {
      condition: 'serialization-failure',
      codes: ['P2034'],
      outcome: 'not-executed',
      retry: 'now',
      hint: 'Concurrent transactions conflicted. Run the whole transaction again.',
    },
    {
      condition: 'connection-lost',
      codes: ['P1002', 'P1008', 'P1017', 'P2028'],
      outcome: 'unknown',
      retry: 'if-idempotent',
      hazard: 'ambiguous-commit',
      hint: lost,
    },
    // Knex
    {
      condition: 'checkout-timeout',
      pattern: /^Knex: Timeout acquiring a connection\b/,
      outcome: 'not-executed',
      retry: 'backoff',
      hazard: 'checkout-timeouts',
      hint: 'No client connection became free in time. Shorten transactions.',
    },
    {
      condition: 'aborted-by-caller',
      codes: ['ABORT_ERR'],
      outcome: 'unknown',
      retry: 'never',
      hint: 'The caller gave up. Unless the cancellation was confirmed by the server, the unit may have been committed.',
      fatal: true,
    },
  ] satisfies Omit<ErrorRule, 'origin'>[]
).map((rule) => ({ ...rule, origin: 'driver' }))

export const clientRules: readonly ErrorRule[] = [...network, ...driver]
