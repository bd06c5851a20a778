import { findPgBouncer, startPgBouncer, startPooler, startPostgres } from '@pooler-safe/testkit'
import type { PgBouncer, Pooler, PostgresServer } from '@pooler-safe/testkit'

/** The servers of one test run. */
export interface Environment {
  readonly postgres: PostgresServer
  /** The shared rotating pooler: four transactions at once for each database. */
  readonly pooler: Pooler
  /** The shared PgBouncer, four backends for each database; undefined when it is not installed. */
  readonly pgbouncer: PgBouncer | undefined
}

export const poolSize = 4

/** With `POOLER_SAFE_JUDGE=1` the shared pooler judges every transaction of the run, as `pooler-safe watch` does. */
export const isJudging = process.env['POOLER_SAFE_JUDGE'] === '1'

/** Starts PostgreSQL (or takes the one that `POOLER_SAFE_TEST_URL` names) and the poolers in front of it. */
export async function startEnvironment(): Promise<Environment> {
  const given = process.env['POOLER_SAFE_TEST_URL']
  const seed = process.env['POOLER_SAFE_SEED']
  const postgres = await startPostgres({ url: given })
  const pooler = await startPooler({
    upstream: postgres.url,
    poolSize,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    record: { maxTransactions: 20_000, maxStatements: 50, maxSqlBytes: 1_000 },
    ...(isJudging ? { audit: 'every' as const } : {}),
  })
  // Left to itself an idle PgBouncer hands out the same backend again and again.
  const config = { server_round_robin: 1 }
  const pgbouncer =
    findPgBouncer() === undefined ? undefined : await startPgBouncer({ upstream: postgres.url, poolSize, config })
  return { postgres, pooler, pgbouncer }
}

export async function stopEnvironment({ postgres, pooler, pgbouncer }: Environment): Promise<void> {
  await pooler.stop({ drainMs: 200 })
  await pgbouncer?.stop()
  await postgres.stop()
}
