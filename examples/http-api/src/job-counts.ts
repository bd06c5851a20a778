import type { TenantId } from '@pooler-safe/example-foundation'
import type { JobState } from '@pooler-safe/example-job-service'
import type { Platform } from '@pooler-safe/example-platform'

type Counts = Partial<Record<JobState, number>>

interface Counting {
  readonly current: Promise<Counts>
  next?: Promise<Counts>
}

/**
 * Counts the jobs of a tenant by one statement at a time: with many jobs that takes a while, however often it is asked for.
 *
 * Whoever asks during one gets the next, so everybody sees what was done before they asked.
 */
export class JobCounts {
  readonly #platform: Platform
  readonly #countings = new Map<TenantId, Counting>()

  constructor(platform: Platform) {
    this.#platform = platform
  }

  of(tenant: TenantId): Promise<Counts> {
    const running = this.#countings.get(tenant)
    if (!running) return this.#count(tenant)
    running.next ??= running.current.then(
      () => this.#count(tenant),
      () => this.#count(tenant),
    )
    return running.next
  }

  #count(tenant: TenantId): Promise<Counts> {
    const { jobs, database } = this.#platform
    const counting: Counting = { current: jobs.countJobs(database, tenant) }
    this.#countings.set(tenant, counting)
    const ended = (): void => {
      if (!counting.next && this.#countings.get(tenant) === counting) this.#countings.delete(tenant)
    }
    counting.current.then(ended, ended)
    return counting.current
  }
}
