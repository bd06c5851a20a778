import type { z } from 'zod'
import { readConfiguration, type ReadConfigurationOptions } from './configuration.ts'
import { createLogger, type Logger, type LoggerOptions } from './logging.ts'
import { explain } from './service-error.ts'
import { onShutdown, type Shutdown } from './shutdown.ts'

type Level = NonNullable<LoggerOptions['level']>
type Shape = z.ZodRawShape & { readonly LOG_LEVEL: z.ZodType<Level> }
type Read<S extends Shape> = z.infer<z.ZodObject<S>>

export interface RunServiceOptions<S extends Shape> extends ReadConfigurationOptions<S> {
  /** In logs, and before the reason why it cannot start. */
  readonly name: string
  /** How long its end may take, by what was read. Default 30,000. */
  readonly limitMs?: (read: Read<S>) => number
}

/** What a process that serves is given to start with. */
export interface StartingService<S extends Shape> {
  readonly read: Read<S>
  readonly logger: Logger
  readonly shutdown: Shutdown
}

/**
 * The main function of a process that serves until a signal comes: reads the environment and runs `start`, which adds to the
 * shutdown what it opens.
 *
 * A start that fails closes what was opened, is one line on standard error, and exit code 1.
 */
export async function runService<S extends Shape>(
  { name, limitMs, ...configuration }: RunServiceOptions<S>,
  start: (service: StartingService<S>) => Promise<void>,
): Promise<void> {
  try {
    const read = readConfiguration(configuration)
    const { LOG_LEVEL: level } = read as { readonly LOG_LEVEL: Level }
    const logger = createLogger({ name, level })
    const shutdown = onShutdown({ logger, ...(limitMs && { limitMs: limitMs(read) }) })
    try {
      await start({ read, logger, shutdown })
    } catch (error) {
      await shutdown.end('the start failed')
      throw error
    }
  } catch (error) {
    process.stderr.write(`${name}: ${explain(error)}\n`)
    process.exitCode = 1
  }
}
