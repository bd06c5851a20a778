import type { z } from 'zod'
import { commonVariables, readConfiguration } from './configuration.ts'
import { createLogger, type Logger } from './logging.ts'
import { explain } from './service-error.ts'

export interface MigrateCommandOptions {
  /** What the variables of the service begin with: others of that prefix are refused. */
  readonly prefix: string
  /** The variables that the service knows. */
  readonly shape?: z.ZodRawShape
  /** Makes or updates the tables on a direct URL; resolves to the names of the migrations that ran. */
  readonly migrate: (directUrl: string, logger: Logger) => Promise<readonly string[]>
}

/** The `migrate` command of a service: makes or updates its tables, on DIRECT_DATABASE_URL. Sets the exit code. */
export async function runMigrateCommand({ prefix, shape = {}, migrate }: MigrateCommandOptions): Promise<void> {
  try {
    const { DIRECT_DATABASE_URL, LOG_LEVEL } = readConfiguration({
      shape: {
        ...shape,
        LOG_LEVEL: commonVariables.LOG_LEVEL,
        DATABASE_URL: commonVariables.DATABASE_URL.optional(),
        DIRECT_DATABASE_URL: commonVariables.DATABASE_URL.describe(
          'the URL of PostgreSQL itself or of a session-mode pooler',
        ),
      },
      prefix,
    })
    const ran = await migrate(DIRECT_DATABASE_URL, createLogger({ name: 'migrate', level: LOG_LEVEL }))
    process.stdout.write(ran.length === 0 ? 'The database is up to date.\n' : `Applied ${ran.join(', ')}.\n`)
  } catch (error) {
    process.stderr.write(`migrate: ${explain(error)}\n`)
    process.exitCode = 1
  }
}
