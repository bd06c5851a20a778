import type { TopicKind } from './topic.ts'

/** Rows that are told by counting others: the more there are, the longer it takes. */
const counting: ReadonlySet<TopicKind> = new Set(['jobs', 'job-batch'])
/** Of the time of one client connection that each of these kinds may take. */
const share = 1 / 20
const longestPauseMs = 30_000

/** When a kind of row may be looked at again: a look that took long is followed by a long pause. */
export class Pace {
  readonly #dueAt = new Map<TopicKind, number>()

  took(kind: TopicKind, ms: number): void {
    if (counting.has(kind)) this.#dueAt.set(kind, performance.now() + Math.min(ms / share, longestPauseMs))
  }

  /** By the clock of `performance.now()`. */
  dueAt(kind: TopicKind): number {
    return this.#dueAt.get(kind) ?? 0
  }

  isDue(kind: TopicKind): boolean {
    return this.dueAt(kind) <= performance.now()
  }
}
