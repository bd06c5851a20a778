import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { createDatabase, type Session } from 'pooler-safe'
import type { Logger } from './logging.ts'
import { redact } from './redaction.ts'
import { explain, ServiceError } from './service-error.ts'

/** The migrations of one service: SQL files in a folder, and the table that says which of them were run. */
export interface MigrationSet {
  /** Letters, digits and underscores; part of the table's name. */
  readonly name: string
  readonly folder: string
}

/** The tables that all services stand on. */
export const foundationMigrations: MigrationSet = {
  name: 'foundation',
  folder: fileURLToPath(new URL('../migrations', import.meta.url)),
}

export interface MigrateOptions {
  /** PostgreSQL itself, or a session-mode pooler: migrating takes a session lock and sets the search path. */
  readonly directUrl: string
  /** In the order in which they depend on each other. */
  readonly sets: readonly MigrationSet[]
  readonly logger: Logger
}

/**
 * Brings the database up to date, and says what it ran. Several processes may call it at once: they take turns.
 *
 * @throws ServiceError MIGRATION_NEEDS_DIRECT_URL when the URL leads to a transaction-mode pooler, MIGRATION_FAILED
 */
export async function migrate({ directUrl, sets, logger }: MigrateOptions): Promise<string[]> {
  await requireSessionMode(directUrl)
  const client = new pg.Client({ connectionString: directUrl, application_name: 'migrate' })
  client.on('error', (error) => logger.warn({ err: error }, 'the migrating client connection ended'))
  try {
    await client.connect()
    const ran: string[] = []
    for (const set of sets) {
      const done = await runner({
        dbClient: client,
        dir: set.folder,
        migrationsTable: tableOf(set),
        direction: 'up',
        singleTransaction: true,
        advisoryLockMode: 'wait',
        logger: {
          debug: (text) => logger.debug(text),
          info: (text) => logger.debug(text),
          warn: (text) => logger.warn(text),
          error: (text) => logger.error(text),
        },
      })
      ran.push(...done.map(({ name }) => `${set.name}/${name}`))
    }
    return ran
  } catch (error) {
    throw new ServiceError('MIGRATION_FAILED', `The database could not be migrated: ${redact(explain(error))}`, {
      hint: 'Nothing of the failing set was applied. Repair the cause and migrate again.',
      cause: error,
    })
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Refuses a URL that leads to a transaction-mode pooler.
 *
 * @throws ServiceError MIGRATION_NEEDS_DIRECT_URL
 */
export async function requireSessionMode(directUrl: string): Promise<void> {
  const database = createDatabase({ url: directUrl, max: 1, onError: () => undefined })
  try {
    const { mode, evidence } = await database.verify()
    if (mode !== 'transaction') return
    throw new ServiceError(
      'MIGRATION_NEEDS_DIRECT_URL',
      `Migrations cannot run through a transaction-mode pooler (${evidence.join('; ')}).`,
      { hint: 'Set DIRECT_DATABASE_URL to PostgreSQL itself or to a session-mode pooler (Supabase: port 5432).' },
    )
  } finally {
    await database.close()
  }
}

/** The migrations of these sets that the database has not run. One or two round trips for each set. */
export async function pendingMigrations(session: Session, sets: readonly MigrationSet[]): Promise<string[]> {
  const pending: string[] = []
  for (const set of sets) {
    const ran = await migrationsRun(session, set)
    pending.push(...namesIn(set).flatMap((name) => (ran.has(name) ? [] : [`${set.name}/${name}`])))
  }
  return pending
}

/**
 * Makes sure that a service does not start on a database that lacks its tables.
 *
 * Migrations that the database has and this code does not know are fine: a newer version is being rolled out.
 *
 * @throws ServiceError DATABASE_NOT_MIGRATED naming the command
 */
export async function requireMigrated(session: Session, sets: readonly MigrationSet[], command: string): Promise<void> {
  const pending = await pendingMigrations(session, sets)
  if (pending.length > 0) throw notMigrated(`it lacks ${pending.join(', ')}`, command)
}

/** The error for a database without what the code needs. */
export function notMigrated(what: string, command: string, cause?: unknown): ServiceError {
  return new ServiceError('DATABASE_NOT_MIGRATED', `The database is not migrated: ${what}.`, {
    hint: `Run "${command}" with DIRECT_DATABASE_URL set.`,
    cause,
  })
}

async function migrationsRun(session: Session, set: MigrationSet): Promise<Set<string>> {
  const table = tableOf(set)
  const { rows: found } = await session.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `public.${table}`,
  ])
  if (!found[0]?.there) return new Set()
  const { rows } = await session.query<{ name: string }>(`select name from public.${table}`)
  return new Set(rows.map(({ name }) => name))
}

function namesIn({ folder }: MigrationSet): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort()
}

function tableOf({ name }: MigrationSet): string {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(name)) {
    throw new ServiceError('MIGRATION_SET_INVALID', `"${name}" cannot be part of a table name.`)
  }
  return `migrations_${name}`
}
