import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlQuery, SqlQueryable } from '@prisma/driver-adapter-utils'
import { failSql, insertSql, nameSql, valuesOf, whereSql } from './by-hand.ts'
import type { LibraryTransaction } from './contract.ts'
import { testLibrary } from './test-library.ts'

const integer = { scalarType: 'int', dbType: 'INTEGER', arity: 'scalar' } as const
const text = { scalarType: 'string', dbType: 'TEXT', arity: 'scalar' } as const

function query(sql: string, args: unknown[] = []): SqlQuery {
  return { sql, args, argTypes: args.map((arg) => (typeof arg === 'number' ? integer : text)) }
}

function inside(transaction: SqlQueryable): LibraryTransaction {
  return {
    insert: (item) => transaction.executeRaw(query(insertSql, valuesOf(item))),
    whereAmI: async () => JSON.stringify((await transaction.queryRaw(query(whereSql))).rows),
    fail: () => transaction.queryRaw(query(failSql)).catch(() => undefined),
  }
}

testLibrary({
  name: 'Prisma (adapter-pg)',
  packages: ['@prisma/adapter-pg'],
  connect: 'new PrismaClient({ adapter: new PrismaPg({ connectionString: url, Client: SafeClient }) })',
  needs: 'directUrl (or the URL of prisma.config) for migrate and introspection, which take a session lock.',
  async open(driver, { url }) {
    // Held against the interface that the query engine uses; a generated client needs an engine to be downloaded.
    const config = { connectionString: url, max: 12, Client: driver.Client }
    const adapter = await new PrismaPg(config).connect()
    const naming = await new PrismaPg(config, { statementNameGenerator: ({ sql }) => `s${sql.length}` }).connect()
    const read = async (from: SqlQueryable, id: number): Promise<string | undefined> =>
      (await from.queryRaw(query(nameSql, [id]))).rows[0]?.[0] as string | undefined
    return {
      insert: (item) => adapter.executeRaw(query(insertSql, valuesOf(item))),
      nameOf: (id) => read(adapter, id),
      prepared: (id) => read(naming, id),
      async transaction(work) {
        // As the engine does it: the adapter opens and gives back, the engine sends COMMIT and ROLLBACK.
        const transaction = await adapter.startTransaction()
        try {
          await work(inside(transaction))
          await transaction.executeRaw(query('COMMIT'))
          await transaction.commit()
        } catch (error) {
          await transaction.executeRaw(query('ROLLBACK'))
          await transaction.rollback()
          throw error
        }
      },
      async close() {
        await Promise.all([adapter.dispose(), naming.dispose()])
      },
    }
  },
})
