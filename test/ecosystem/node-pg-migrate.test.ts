import { runner } from 'node-pg-migrate'
import { SafeClient } from 'pooler-safe'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LibraryUnderTest } from './contract.ts'
import { rejects, same } from './probes.ts'
import { testLibrary } from './test-library.ts'

interface MigrationsUnderTest extends LibraryUnderTest {
  readonly url: string
  readonly directUrl: string
}

async function withMigrations<T>(
  texts: Readonly<Record<string, string>>,
  work: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'pooler-safe-migrations-'))
  try {
    for (const [name, text] of Object.entries(texts)) await writeFile(join(dir, `${name}.sql`), text)
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}

const migrationsTable = 'migrations'
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const options = { direction: 'up', migrationsTable, logger: silent, checkOrder: false } as const

testLibrary<MigrationsUnderTest>({
  name: 'node-pg-migrate',
  packages: ['node-pg-migrate'],
  connect: `await runner({ databaseUrl: directUrl, dir, direction: 'up', migrationsTable })`,
  direct: 'Everything: it takes a session advisory lock and sets search_path. On a pooled client both are refused.',
  without: {
    transaction: 'It runs migrations, no transactions of the program.',
    prepared: 'node-pg-migrate names no statements.',
  },
  own: {
    'migrates on the direct URL while guarded clients write through the pooler': async (
      { directUrl, insert, nameOf },
      numbers,
    ) => {
      const items = numbers.items(20)
      const first = `more_${items[0]?.id ?? 0}`
      const texts = {
        [`1700000000001_${first}`]: `-- Up Migration\ncreate table ${first} (id int);\n-- Down Migration\ndrop table ${first};`,
      }
      const [applied] = await Promise.all([
        withMigrations(texts, (dir) => runner({ ...options, databaseUrl: directUrl, dir })),
        ...items.map((item) => insert(item)),
      ])
      same(applied.map(({ name }) => name), Object.keys(texts), 'migrations that were applied') // prettier-ignore
      for (const { id, name } of items) same(await nameOf(id), name, 'a name')
    },
    'is refused on a guarded client, before it locks anything': async ({ url }) => {
      const client = new SafeClient(url)
      await client.connect()
      const error = await withMigrations({ '1700000000009_never': 'create table never (id int);' }, (dir) =>
        rejects(runner({ ...options, dbClient: client, dir }), 'a migration through the pooler'),
      )
      await client.end()
      same((error as { hazard?: string }).hazard, 'advisory-session-lock', 'the hazard')
    },
  },
  async open(driver, { url, directUrl }) {
    const texts = { '1700000000000_notes': 'create table note (id int primary key, name text not null);' }
    await withMigrations(texts, (dir) => runner({ ...options, databaseUrl: directUrl, dir }))
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    return {
      url,
      directUrl,
      insert: ({ id, name }) => pool.query('insert into note (id, name) values ($1, $2)', [id, name]),
      nameOf: async (id) =>
        (await pool.query<{ name: string }>('select name from note where id = $1', [id])).rows[0]?.name,
      close: () => pool.end(),
    }
  },
})
