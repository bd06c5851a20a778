import connectPgSimple from 'connect-pg-simple'
import session from 'express-session'
import { promisify } from 'node:util'
import { testLibrary } from './test-library.ts'

declare module 'express-session' {
  interface SessionData {
    name: string
  }
}

testLibrary({
  name: 'connect-pg-simple',
  packages: ['connect-pg-simple', 'express-session'],
  connect: 'new (connectPgSimple(session))({ pool: new SafePool({ connectionString: url }) })',
  without: {
    transaction: 'Each call is one statement.',
    prepared: 'connect-pg-simple names no statements.',
  },
  open(driver, { url }) {
    const cookie = new session.Cookie()
    cookie.maxAge = 60_000
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    const Store = connectPgSimple(session)
    const store = new Store({ pool, createTableIfMissing: true, pruneSessionInterval: false })
    const set = promisify(store.set.bind(store))
    const get = promisify(store.get.bind(store))
    return Promise.resolve({
      insert: ({ id, name }) => set(`session-${id}`, { cookie, name }),
      nameOf: async (id) => (await get(`session-${id}`))?.name,
      async close() {
        store.close()
        await pool.end()
      },
    })
  },
})
