import { createPgDriverFactory } from '@slonik/pg-driver'
import { createSafeDriverFactory } from 'pooler-safe/slonik'
import {
  createPool,
  sql,
  StatementTimeoutError,
  UniqueIntegrityConstraintViolationError,
  type DatabasePool,
} from 'slonik'
import { z } from 'zod'
import type { Item, LibraryUnderTest } from './contract.ts'
import { rejects, same } from './probes.ts'
import { testLibrary } from './test-library.ts'

interface SlonikUnderTest extends LibraryUnderTest {
  readonly pool: DatabasePool
  readonly impatient: DatabasePool
  readonly resetting: DatabasePool
  /** Calls of resetConnection that came to their end. */
  readonly resets: readonly unknown[]
}

const named = z.object({ name: z.string() })
const insertOf = ({ id, name, position }: Item) =>
  sql.unsafe`insert into item (id, name, position) values (${id}, ${name}, ${position})`

function fails(error: unknown, expected: new (...args: never[]) => unknown): void {
  if (!(error instanceof expected)) throw new Error(`It failed otherwise than expected.`, { cause: error })
}

testLibrary<SlonikUnderTest>({
  name: 'Slonik',
  packages: ['slonik'],
  connect: `import { createSafeDriverFactory } from 'pooler-safe/slonik'

await createPool(url, { driverFactory: createSafeDriverFactory() })`,
  own: {
    'raises its own errors, with that of PostgreSQL as the cause': async ({ pool }, numbers) => {
      const item = numbers.item()
      await pool.query(insertOf(item))
      const error = await rejects(pool.query(insertOf(item)), 'a key that was taken')
      fails(error, UniqueIntegrityConstraintViolationError)
      same((error as Error & { cause?: { code?: string } }).cause?.code, '23505', 'SQLSTATE of the cause')
    },
    'cancels a statement after statementTimeout, and goes on': async ({ impatient }) => {
      fails(await rejects(impatient.query(sql.unsafe`select pg_sleep(5)`), 'a long statement'), StatementTimeoutError)
      same(await impatient.oneFirst(sql.type(z.object({ one: z.number() }))`select 1 as one`), 1, 'the next query')
    },
    'ends a transaction that is idle for longer than idleInTransactionSessionTimeout, and goes on': async ({
      impatient,
    }) => {
      const transaction = impatient.transaction(async (tx) => {
        await tx.query(sql.unsafe`select 1`)
        await new Promise((resolve) => setTimeout(resolve, 600))
        await tx.query(sql.unsafe`select 2`)
      })
      await rejects(transaction, 'an idle transaction')
      same(await impatient.oneFirst(sql.type(z.object({ one: z.number() }))`select 1 as one`), 1, 'the next query')
    },
    'destroys a client that is given back with a transaction open, and says so to the caller': async (
      { pool, nameOf },
      numbers,
    ) => {
      const item = numbers.item()
      const leak = pool.connect(async (connection) => {
        await connection.query(sql.unsafe`begin`)
        await connection.query(insertOf(item))
      })
      same(((await rejects(leak, 'a leak')) as { code?: string }).code, 'POOLER_SAFE_LEAKED_TRANSACTION', 'code')
      same(await nameOf(item.id), undefined, 'what was not committed')
    },
    'calls a resetConnection of the program, and leaves out its DISCARD ALL': async ({ resetting, resets }) => {
      await resetting.query(sql.unsafe`select 1`)
      await resetting.query(sql.unsafe`select 2`)
      // A DISCARD ALL that was sent would have been refused, and the call would not have come to its end.
      await resetting.end()
      same(resets, ['ended', 'ended'], 'calls')
    },
    'parses the types that Slonik names': async ({ pool }) => {
      const row = await pool.one(
        sql.type(
          z.record(z.string(), z.unknown()),
        )`select 9007199254740991::int8 as big, '{1,2}'::int8[] as many, '2026-01-02'::date as day, array['a'] as texts`,
      )
      same(
        { ...row, big: String(row['big']), many: String(row['many']) },
        { big: '9007199254740991', many: '1,2', day: '2026-01-02', texts: ['a'] },
        'a row',
      )
    },
    'streams rows': async ({ pool, insert }, numbers) => {
      const items = numbers.items(20)
      for (const item of items) await insert(item)
      const names: string[] = []
      const ids = sql.array(items.map(({ id }) => id), 'int4') // prettier-ignore
      const read = sql.type(named)`select name from item where id = any(${ids}) order by id`
      await pool.stream(read, (stream) => {
        stream.on('data', ({ data }) => names.push(data.name))
      })
      same(names, items.map(({ name }) => name), 'streamed names') // prettier-ignore
    },
  },
  async open(driver, { url }) {
    const driverFactory = driver.guarded ? createSafeDriverFactory() : createPgDriverFactory()
    const pool = await createPool(url, { driverFactory, maxPoolSize: 12 })
    const impatient = await createPool(url, {
      driverFactory,
      maxPoolSize: 1,
      queryRetryLimit: 0,
      statementTimeout: 300,
      idleInTransactionSessionTimeout: 200,
    })
    const resets: string[] = []
    const resetting = await createPool(url, {
      driverFactory,
      maxPoolSize: 1,
      async resetConnection({ query }) {
        await query('DISCARD ALL')
        await query('select 1')
        resets.push('ended')
      },
    })
    return {
      pool,
      impatient,
      resetting,
      resets,
      insert: (item) => pool.query(insertOf(item)),
      nameOf: async (id) => (await pool.maybeOne(sql.type(named)`select name from item where id = ${id}`))?.name,
      prepared: async (id) =>
        (await pool.maybeOne(sql.prepared('name_of_item', named)`select name from item where id = ${id}`))?.name,
      transaction: (work) =>
        pool.transaction((tx) =>
          work({
            insert: (item) => tx.query(insertOf(item)),
            whereAmI: async () =>
              JSON.stringify(await tx.one(sql.unsafe`select concat_ws(' ', pg_backend_pid(), txid_current())`)),
            fail: () => tx.query(sql.unsafe`select 1 / 0`).catch(() => undefined),
          }),
        ),
      async close() {
        await Promise.all([pool.end(), impatient.end()])
      },
    }
  },
})
