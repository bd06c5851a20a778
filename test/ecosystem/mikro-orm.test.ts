import { EntitySchema, MikroORM } from '@mikro-orm/postgresql'
import { failSql, whereSql } from './by-hand.ts'
import type { Item } from './contract.ts'
import { testLibrary } from './test-library.ts'

const items = new EntitySchema<Item>({
  name: 'Item',
  tableName: 'item',
  properties: { id: { type: 'integer', primary: true }, name: { type: 'text' }, position: { type: 'integer' } },
})

testLibrary({
  name: 'MikroORM',
  packages: ['@mikro-orm/postgresql'],
  connect: 'await MikroORM.init({ clientUrl: url, driverOptions: { Client: SafeClient }, entities })',
  needs: `Not sessionContext: 'connection' (it resets and sets session state at every checkout). Schema generator and migrations on the direct URL.`,
  without: { prepared: 'MikroORM names no statements.' },
  async open(driver, { url }) {
    const orm = await MikroORM.init({
      clientUrl: url,
      entities: [items],
      driverOptions: { Client: driver.Client },
      pool: { max: 12 },
    })
    return {
      insert: (item) => orm.em.fork().insert(items, item),
      nameOf: async (id) => (await orm.em.fork().findOne(items, { id }))?.name,
      transaction: (work) =>
        orm.em.fork().transactional((em) =>
          work({
            insert: (item) => em.insert(items, item),
            whereAmI: async () => JSON.stringify(await em.execute(whereSql)),
            fail: () => em.execute(failSql).catch(() => undefined),
          }),
        ),
      close: () => orm.close(),
    }
  },
})
