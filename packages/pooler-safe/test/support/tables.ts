import pg from 'pg'

/** Runs a script on a database, for `useTestDatabase({ prepare })`. */
export function prepared(sql: string): (url: string) => Promise<void> {
  return async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(sql)
    await client.end()
  }
}
