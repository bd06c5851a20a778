import { fileURLToPath } from 'node:url'
import {
  explain,
  foundationMigrations,
  migrate,
  redact,
  requireMigrated,
  ServiceError,
  wait,
  type Logger,
  type MigrationSet,
} from '@pooler-safe/example-foundation'
import { PgBoss } from 'pg-boss'
import type { Session } from 'pooler-safe'

/** What a service that finds no tables tells its user to run. */
export const migrateCommand = 'pnpm --filter @pooler-safe/example-job-service migrate'

const jobMigrations: MigrationSet = {
  name: 'job_service',
  folder: fileURLToPath(new URL('../migrations', import.meta.url)),
}

const sets = [foundationMigrations, jobMigrations] as const

/**
 * Makes or updates the tables of the job service and the schema of pg-boss, on the direct URL.
 *
 * @throws ServiceError MIGRATION_NEEDS_DIRECT_URL, MIGRATION_FAILED
 */
export async function migrateJobService(directUrl: string, logger: Logger): Promise<string[]> {
  const ran = await migrate({ directUrl, sets, logger })
  const boss = new PgBoss({
    connectionString: directUrl,
    application_name: 'migrate',
    max: 2,
    migrate: true,
    schedule: false,
    supervise: false,
    registerInstance: false,
  })
  boss.on('error', (error) => logger.error({ err: error }, `queue: ${explain(error)}`))
  try {
    await boss.start()
    await indexBuilds(boss)
  } catch (error) {
    throw new ServiceError('MIGRATION_FAILED', `The queue could not be migrated: ${redact(explain(error))}`, {
      hint: 'Repair the cause and migrate again.',
      cause: error,
    })
  } finally {
    await boss.stop({ graceful: true, timeout: 5_000 })
  }
  return ran
}

/** @throws ServiceError DATABASE_NOT_MIGRATED naming the command */
export function requireJobTables(session: Session): Promise<void> {
  return requireMigrated(session, sets, migrateCommand)
}

/** Newer versions of pg-boss build indexes after their migration, concurrently; they are part of it. */
async function indexBuilds(boss: PgBoss): Promise<void> {
  for (;;) {
    const status = await boss.getBamStatus()
    const left = status.filter(({ status: one }) => one === 'pending' || one === 'in_progress')
    if (left.length === 0) return
    await wait(200)
  }
}
