import { join, relative } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject } from 'vitest'
import { askControl, type ControlAddress } from './control-server.ts'
import type { DatabaseAddresses, TemplateState } from './databases.ts'

export interface TestDatabaseOptions {
  /**
   * Fills the database once for the whole run under this name; every file that gives the same name gets a copy of it.
   * `prepare` must leave no connection open.
   */
  readonly template?: string
  /** Fills the database (or the template), such as with migrations. */
  readonly prepare?: (directUrl: string) => Promise<void>
}

/** A database that belongs to one test file. Its parts can be used from `beforeAll` on. */
export interface TestDatabase extends DatabaseAddresses {
  /** Runs a query on a direct connection. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>
}

/** The process that holds the servers; it is started by the first who asks. */
async function servers(): Promise<ControlAddress> {
  return (await askControl(inject('poolerSafeControl'), 'address')) as ControlAddress
}

/** Path of the running test file from the root of the repository. */
function testFile(): string {
  return relative(join(import.meta.dirname, '../..'), expect.getState().testPath ?? '')
}

async function open(options: TestDatabaseOptions): Promise<DatabaseAddresses> {
  const control = await servers()
  const { template, prepare } = options
  if (template !== undefined && prepare) {
    const known = (await askControl(control, 'template', { kind: template })) as TemplateState
    if (known.state === 'build') {
      let ok = false
      try {
        await prepare(known.directUrl)
        ok = true
      } finally {
        await askControl(control, 'template-done', { kind: template, ok })
      }
    }
  }
  const database = (await askControl(control, 'create-database', { file: testFile(), template })) as DatabaseAddresses
  if (template === undefined) await prepare?.(database.directUrl)
  return database
}

/**
 * Gives the test file a database of its own, reachable directly, through the shared rotating pooler and through the
 * shared PgBouncer. Call it at the top of the file, so that it is taken down last. Then every backend of both poolers is
 * audited, the file fails if one of them is dirty, and the database is dropped. A test that leaves session state on purpose
 * starts a pooler of its own on `directUrl`.
 */
export function useTestDatabase(options: TestDatabaseOptions = {}): TestDatabase {
  let database: DatabaseAddresses | undefined
  let direct: pg.Pool | undefined
  const ready = (): DatabaseAddresses => {
    if (!database) throw new Error('The test database exists from beforeAll on, not while tests are collected.')
    return database
  }
  beforeAll(async () => {
    database = await open(options)
    direct = new pg.Pool({ connectionString: database.directUrl, max: 4 })
    direct.on('error', () => undefined)
  }, 120_000)
  afterAll(async () => {
    await direct?.end()
    if (!database) return
    const { dirt } = (await askControl(await servers(), 'release-database', { name: database.name })) as {
      dirt?: string
    }
    if (dirt !== undefined) throw new Error(`This file left session state on backends of the shared poolers.\n${dirt}`)
  }, 60_000)
  return {
    get name() {
      return ready().name
    },
    get directUrl() {
      return ready().directUrl
    },
    get pooledUrl() {
      return ready().pooledUrl
    },
    get pgbouncerUrl() {
      return ready().pgbouncerUrl
    },
    query(text, values) {
      ready()
      if (!direct) throw new Error('The test database is closed.')
      return direct.query(text, values)
    },
  }
}
