import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { JobService, migrateCommand, migrateJobService } from '../src/index.ts'
import { testLogger, useJobDatabase } from './job-database.ts'
import { testTypes } from './test-types.ts'

/** Opens the service, which nothing here lets it do. */
async function opening(url: string): Promise<unknown> {
  const database = createDatabase({ url, max: 2 })
  try {
    const service = await JobService.open({ database, types: testTypes, logger: testLogger })
    await service.close()
    return undefined
  } catch (error) {
    return error
  } finally {
    await database.close()
  }
}

async function run(variables: Readonly<Record<string, string>>) {
  const command = join(import.meta.dirname, '../src/commands/migrate.ts')
  const child = spawn(process.execPath, ['--conditions=@pooler-safe/source', command], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (text: Buffer) => (said.out += text.toString()))
  child.stderr.on('data', (text: Buffer) => (said.err += text.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...said }
}

function missing(what: RegExp): unknown {
  return expect.objectContaining({
    code: 'DATABASE_NOT_MIGRATED',
    message: expect.stringMatching(what),
    hint: expect.stringContaining(migrateCommand),
  })
}

describe('a database that is not migrated', () => {
  const database = useTestDatabase()

  test('is refused with what it lacks and the command to run', async () => {
    expect(await opening(database.pooledUrl)).toEqual(
      missing(/lacks foundation\/\d+_tenants, foundation\/\d+_api_tokens, job_service\/\d+_jobs/),
    )
  })

  test('is migrated by several at once, each step by one of them, and by the command again without effect', async () => {
    const ran = await Promise.all([1, 2, 3].map(() => migrateJobService(database.directUrl, testLogger)))
    expect(ran.flat().sort()).toEqual([
      'foundation/1700000000000_tenants',
      'foundation/1700000010000_api_tokens',
      'job_service/1700000100000_jobs',
      'job_service/1700000110000_job_activity',
    ])
    const again = await run({ DIRECT_DATABASE_URL: database.directUrl, JOBS_CONCURRENCY: '5', LOG_LEVEL: 'silent' })
    expect(again).toEqual({ code: 0, out: 'The database is up to date.\n', err: '' })
    expect(await opening(database.pooledUrl)).toBeUndefined()
  })
})

describe('a database whose queue is missing or half of whose tables are', () => {
  const database = useJobDatabase()

  test('is refused with the same advice', async () => {
    await database.query('alter schema pgboss rename to elsewhere')
    expect(await opening(database.pooledUrl)).toEqual(missing(/not installed/))
    await database.query('alter schema elsewhere rename to pgboss')
    await database.query(`update pgboss.version set version = version - 1`)
    expect(await opening(database.pooledUrl)).toEqual(missing(/requires migrations/))
    await database.query(`delete from migrations_job_service`)
    expect(await opening(database.pooledUrl)).toEqual(missing(/lacks job_service/))
  })
})

describe('the command', () => {
  const database = useTestDatabase()

  test('refuses the URL of a transaction-mode pooler, and changes nothing', async () => {
    const { code, err, out } = await run({ DIRECT_DATABASE_URL: database.pooledUrl, LOG_LEVEL: 'silent' })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/Migrations cannot run through a transaction-mode pooler.*Set DIRECT_DATABASE_URL/)
    const { rows } = await database.query(`select from pg_class where relname = 'jobs'`)
    expect(rows).toEqual([])
  })

  test('says what is missing, in one line without a secret', async () => {
    expect(await run({ LOG_LEVEL: 'silent' })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/DIRECT_DATABASE_URL is missing\. It is the URL of PostgreSQL itself/),
    })
    const unreachable = 'postgres://nobody:hunter22@127.0.0.1:1/none'
    const { code, err } = await run({ DIRECT_DATABASE_URL: unreachable, LOG_LEVEL: 'silent' })
    expect(code).toBe(1)
    expect(err).toMatch(/127\.0\.0\.1:1/)
    expect(err).not.toContain('hunter22')
  })

  test('migrates an empty database and says what it did', async () => {
    const { code, out } = await run({ DIRECT_DATABASE_URL: database.directUrl, LOG_LEVEL: 'silent' })
    expect({ code, out }).toEqual({
      code: 0,
      out: 'Applied foundation/1700000000000_tenants, foundation/1700000010000_api_tokens, job_service/1700000100000_jobs, job_service/1700000110000_job_activity.\n',
    })
  })
})
