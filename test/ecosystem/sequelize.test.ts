import { DataTypes, Sequelize, type Model, type ModelStatic, type Options } from 'sequelize'
import { beforeEach, vi } from 'vitest'
import { failSql, whereSql } from './by-hand.ts'
import type { Item } from './contract.ts'
import { testLibrary } from './test-library.ts'

// Sequelize prints the errors of COMMIT that it raises as well.
beforeEach(() => {
  vi.spyOn(console, 'warn').mockReturnValue()
})

testLibrary({
  name: 'Sequelize',
  packages: ['sequelize'],
  connect: `import pg from 'pooler-safe/pg'

new Sequelize(url, {
  dialectModule: pg,
  keepDefaultTimezone: true,
  dialectOptions: { clientMinMessages: 'ignore' },
})`,
  needs: `keepDefaultTimezone: true and dialectOptions: { clientMinMessages: 'ignore' }: otherwise it sets the time zone and client_min_messages once per client connection.`,
  without: { prepared: 'Sequelize names no statements.' },
  open(driver, { url }) {
    // The types of Sequelize do not know keepDefaultTimezone.
    const options: Options & { readonly keepDefaultTimezone: boolean } = {
      dialectModule: driver.pg,
      keepDefaultTimezone: true,
      dialectOptions: { clientMinMessages: 'ignore' },
      pool: { max: 12 },
      logging: false,
    }
    const sequelize = new Sequelize(url, options)
    const items: ModelStatic<Model<Item> & Item> = sequelize.define(
      'item',
      {
        id: { type: DataTypes.INTEGER, primaryKey: true },
        name: { type: DataTypes.TEXT },
        position: { type: DataTypes.INTEGER },
      },
      { tableName: 'item', timestamps: false },
    )
    return Promise.resolve({
      insert: (item) => items.create({ ...item }),
      nameOf: async (id) => (await items.findByPk(id))?.name,
      transaction: (work) =>
        sequelize.transaction((transaction) =>
          work({
            insert: (item) => items.create({ ...item }, { transaction }),
            whereAmI: async () => JSON.stringify((await sequelize.query(whereSql, { transaction }))[0]),
            fail: () => sequelize.query(failSql, { transaction }).catch(() => undefined),
          }),
        ),
      close: () => sequelize.close(),
    })
  },
})
