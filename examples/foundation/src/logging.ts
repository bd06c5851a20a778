import { destination, pino, stdSerializers, type DestinationStream, type Logger } from 'pino'
import { redact, secretProperties } from './redaction.ts'

export type { Logger }

export interface LoggerOptions {
  /** Name of the process, such as `job-worker`. */
  readonly name: string
  readonly level?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' | undefined
  /** Where lines go; default is standard error, so that standard output stays for results. */
  readonly stream?: DestinationStream
}

/**
 * A JSON logger that takes secrets out: of properties by their names, of messages and errors by their looks.
 *
 * Writes synchronously: a line is there when the process dies.
 */
export function createLogger({ name, level = 'info', stream }: LoggerOptions): Logger {
  const paths = secretProperties.flatMap((property) => {
    const key = property.includes('-') ? `["${property}"]` : property
    const below = property.includes('-') ? key : `.${key}`
    return [key, `*${below}`, `*.*${below}`]
  })
  return pino(
    {
      name,
      level,
      redact: { paths, censor: '***' },
      serializers: { err: serializeError, error: serializeError },
      hooks: {
        logMethod(values, method) {
          const clean = values.map((value: unknown) => (typeof value === 'string' ? redact(value) : value))
          const error = errorOf(clean[0])
          // Without a message pino would take the error's own, as it is.
          if (error && clean.length === 1) clean.push(redact(error.message))
          method.apply(this, clean as typeof values)
        },
      },
    },
    stream ?? destination({ fd: 2, sync: true }),
  )
}

/** What a line is about. */
export interface Subject {
  readonly requestId?: string
  readonly jobId?: string
  readonly tenantId?: string
}

/** A logger that puts what it is about on every line: the id of the request or of the job. */
export function loggerFor(logger: Logger, subject: Subject): Logger {
  return logger.child(subject)
}

/** A logger that says nothing. */
export function silentLogger(): Logger {
  return pino({ enabled: false })
}

function errorOf(value: unknown): Error | undefined {
  if (value instanceof Error) return value
  const { err } = (value ?? {}) as { err?: unknown }
  return err instanceof Error ? err : undefined
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const plain = stdSerializers.err(error)
  return Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : (value as unknown)]),
  )
}
