/** `pnpm migrate`: makes or updates the tables of the batch processor and of the job service, on DIRECT_DATABASE_URL. */
import { commonVariables, createLogger, explain, readConfiguration } from '@pooler-safe/example-foundation'
import { migrateBatchProcessor } from '../migrate.ts'
import { batchVariables } from './variables.ts'

async function main(): Promise<void> {
  const { DIRECT_DATABASE_URL, LOG_LEVEL } = readConfiguration({
    shape: {
      ...batchVariables,
      DATABASE_URL: commonVariables.DATABASE_URL.optional(),
      DIRECT_DATABASE_URL: commonVariables.DATABASE_URL.describe(
        'the URL of PostgreSQL itself or of a session-mode pooler',
      ),
    },
    prefix: 'BATCH_',
  })
  const ran = await migrateBatchProcessor(DIRECT_DATABASE_URL, createLogger({ name: 'migrate', level: LOG_LEVEL }))
  process.stdout.write(ran.length === 0 ? 'The database is up to date.\n' : `Applied ${ran.join(', ')}.\n`)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`migrate: ${explain(error)}\n`)
  process.exitCode = 1
}
