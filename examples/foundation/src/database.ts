import { createDatabase, type Database } from 'pooler-safe'
import type { Logger } from './logging.ts'

export interface OpenDatabaseOptions {
  /** The URL of the transaction-mode pooler. */
  readonly url: string
  /** Shown in `pg_stat_activity` and in the recorder of the test pooler. */
  readonly applicationName: string
  /** Client connections at most; backends are the pooler's business. Default 10. */
  readonly max?: number | undefined
  /** Scan every byte that leaves. Default false. */
  readonly wireGuard?: boolean | undefined
  readonly logger: Logger
}

/**
 * Opens the database of a service: everything but migrations goes through it.
 *
 * A transaction in which the network is asked is rolled back and rejects: its backend would wait for somebody else's server. A
 * client connection that dies while idle, and a leak that was repaired, are logged.
 */
export function openDatabase({ url, applicationName, max, wireGuard, logger }: OpenDatabaseOptions): Database {
  return createDatabase({
    url,
    applicationName,
    max,
    wireGuard,
    networkInTransaction: 'reject',
    onError: (error) => logger.warn({ err: error }, 'an idle client connection ended'),
    onWarning: (warning) => logger.warn({ err: warning }, 'pooler-safe repaired a leak'),
  })
}
