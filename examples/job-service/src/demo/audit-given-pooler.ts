// pooler-safe: allow no-raw-execute because the judge shares no code with the accused

import { within } from '@pooler-safe/example-foundation'
import { auditBackend, type BackendAudit } from '@pooler-safe/testkit'
import pg from 'pg'

const waitMs = 5_000

/**
 * Audits as many backends of a pooler as it gives at once, at most `most`: it holds a transaction open on each. How many the
 * pooler has, only its owner knows. With plain `pg`: the judge shares no code with the accused.
 */
export async function auditGivenPooler(url: string, most: number): Promise<BackendAudit[]> {
  const clients = Array.from({ length: most }, () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: waitMs, application_name: 'audit' })
    client.on('error', () => undefined)
    return client
  })
  try {
    const begun = await Promise.all(
      clients.map((client) =>
        within(
          waitMs * 2,
          client
            .connect()
            .then(() => client.query('begin'))
            .then(() => client),
        ),
      ),
    )
    const given = begun.filter((client) => client !== undefined)
    const audits = await Promise.all(
      given.map((client) => auditBackend((text) => client.query(text), { insideOwnTransaction: true })),
    )
    // A pooler closes the backend of a client that leaves inside its transaction.
    for (const client of given) await client.query('rollback')
    return [...new Map(audits.map((audit) => [audit.backendPid, audit])).values()]
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
  }
}
