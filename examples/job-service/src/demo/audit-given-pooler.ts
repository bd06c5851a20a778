// pooler-safe: allow no-raw-execute because the judge shares no code with the accused

import { within } from '@pooler-safe/example-foundation'
import { auditBackend, type BackendAudit } from '@pooler-safe/testkit'
import pg from 'pg'

const waitMs = 5_000

/**
 * Audits as many backends of a pooler as it gives at once, at most `most`: it holds a transaction open on each. How many the
 * pooler has, only its owner knows; those that it does not give within `beginMs` are not waited for, because others have to
 * wait meanwhile. With plain `pg`: the judge shares no code with the accused.
 */
export async function auditGivenPooler(url: string, most: number, beginMs = waitMs): Promise<BackendAudit[]> {
  const clients = Array.from({ length: most }, () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: waitMs, application_name: 'audit' })
    client.on('error', () => undefined)
    return client
  })
  try {
    await Promise.all(clients.map((client) => client.connect()))
    const begun = await Promise.all(
      clients.map((client) =>
        within(
          beginMs,
          client.query('begin').then(() => client),
        ),
      ),
    )
    const held = begun.filter((client) => client !== undefined)
    await Promise.all(clients.filter((client) => !held.includes(client)).map((client) => client.end()))
    const audits = await Promise.all(
      held.map((client) => auditBackend((text) => client.query(text), { insideOwnTransaction: true })),
    )
    // Who leaves in the middle of a transaction costs the pooler the backend.
    await Promise.all(held.map(rollBack))
    return [...new Map(audits.map((audit) => [audit.backendPid, audit])).values()]
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
  }
}

async function rollBack(client: pg.Client): Promise<void> {
  await client.query('rollback').catch(() => undefined)
}
