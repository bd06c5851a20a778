import pg from 'pg'
import { UsageError } from '../command-line/usage-error.ts'

/** A client connection for probes; errors of an idle one are nobody's. */
export async function connect(url: string, timeoutMs: number, more: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    application_name: 'pooler-safe doctor',
    ...more,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Runs `use` in a read-only transaction that is rolled back, whatever happens. */
export async function inTransaction<T>(client: pg.Client, use: () => Promise<T>): Promise<T> {
  await client.query('begin read only')
  try {
    return await use()
  } finally {
    await client.query('rollback').catch(() => undefined)
  }
}

/** The address of a URL as the driver reads it. Throws a `UsageError` without repeating the URL. */
export function addressOf(url: string): { host: string; port: number; user: string; database: string } {
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw new UsageError('This is not a connection URL.', 'Give one like postgres://user:password@host:6432/database.')
  }
  try {
    const { host, port, user = 'postgres', database } = new pg.Client({ connectionString: url })
    return { host, port, user, database: database ?? user }
  } catch (error) {
    throw new UsageError(
      'The connection URL cannot be read.',
      'Escape special characters of the password (%40 for @).',
      { cause: error },
    )
  }
}
