import type { Pooler } from '@pooler-safe/testkit'

/** Variables that lead past the pooler, or that poolers refuse at start-up; the child must not have them. */
const taken = ['PGHOSTADDR', 'PGSERVICE', 'PGSERVICEFILE', 'PGSSLMODE', 'PGREQUIRESSL', 'PGCHANNELBINDING']

/** The environment of the command: every usual variable names the pooler. */
export function environmentFor(
  pooler: Pick<Pooler, 'url' | 'host' | 'port' | 'user' | 'password' | 'database'>,
  env: Readonly<Record<string, string | undefined>>,
  more: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !taken.includes(name)))
  const urls = Object.fromEntries(['DATABASE_URL', ...more].map((name) => [name, pooler.url]))
  return {
    ...kept,
    ...urls,
    PGHOST: pooler.host,
    PGPORT: String(pooler.port),
    PGUSER: pooler.user,
    PGPASSWORD: pooler.password,
    PGDATABASE: pooler.database,
  }
}
