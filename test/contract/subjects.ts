import { findPgBouncer, profileNames, startPgBouncer, startPooler, type ProfileName } from '@pooler-safe/testkit'
import { RawClient } from '../../packages/testkit/test/raw-client.ts'
import { needsTransaction } from './measured.ts'
import { backends, type Probe, type ProbeContext } from './probe.ts'

/** What is asked: a profile, or the real thing. */
export type Subject = ProfileName | 'PgBouncer 1.18 (real)'

/** Profiles that imitate a pooler; `strict` imitates none. */
export const imitations: readonly ProfileName[] = profileNames.filter((name) => name !== 'strict')

export const subjects: readonly Subject[] =
  findPgBouncer() === undefined ? imitations : ['PgBouncer 1.18 (real)', ...imitations]

interface Running extends AsyncDisposable {
  readonly url: string
}

function start(subject: Subject, upstream: string): Promise<Running> {
  if (subject === 'PgBouncer 1.18 (real)') {
    return startPgBouncer({ upstream, poolSize: backends, config: { query_wait_timeout: 1 } })
  }
  // Sticky, as real poolers are when nobody else wants the backend.
  const losesPipelined = subject === 'supavisor-2.9' || subject === 'pgagroal'
  const wait = subject === 'pgagroal' ? {} : { queryWaitTimeoutMs: 1_000 }
  return startPooler({ upstream, profile: subject, poolSize: backends, schedule: 'sticky', losesPipelined, ...wait })
}

/** Puts one question to one subject, with a pooler of its own. */
export async function put(probe: Probe, subject: Subject, directUrl: string): Promise<string> {
  await using pooler = await start(subject, directUrl)
  const clients: RawClient[] = []
  const context: ProbeContext = {
    url: pooler.url,
    directUrl,
    async connect(parameters = {}, url = pooler.url) {
      const client = await RawClient.connect(url, parameters)
      clients.push(client)
      return client
    },
  }
  try {
    return await probe.run(context)
  } catch (error) {
    const isRefused = subject === 'pgbouncer-statement' && String(error).includes('transaction blocks not allowed')
    if (isRefused) return needsTransaction
    throw error
  } finally {
    for (const { socket } of clients) socket.destroy()
  }
}
