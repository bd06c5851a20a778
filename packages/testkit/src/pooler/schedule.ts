import { TestkitError } from '../testkit-error.ts'

/**
 * Which backend a client's next transaction gets.
 *
 * - `rotate`: never that of its last one, so that whatever is left in a session is missed at once.
 * - `random`: any that is free.
 * - `sticky`: the same as long as it is free, as behind an idle PgBouncer: what makes dirty programs look fine.
 * - `swap-on-demand`: sticky, until a test calls `swap()`; then each client moves once.
 * - `one-backend`: there is only one, so that whatever is left in a session reaches the next client for certain.
 */
export type ScheduleName = 'rotate' | 'random' | 'sticky' | 'swap-on-demand' | 'one-backend'

interface ScheduleRule {
  /** Transactions at once, given the pool size. */
  atOnce(poolSize: number): number
  /** Whether one backend more than that is kept, so that a client can move while all others are busy. */
  readonly hasSpare: boolean
  /** Whether the client must not have its last backend again. */
  moves(isSwapDue: boolean): boolean
  /** Whether a client that need not move stays where it was. */
  readonly stays: boolean
}

const asGiven = (poolSize: number): number => poolSize

const rules: Readonly<Record<ScheduleName, ScheduleRule>> = {
  rotate: { atOnce: asGiven, hasSpare: true, moves: () => true, stays: false },
  random: { atOnce: asGiven, hasSpare: false, moves: () => false, stays: false },
  sticky: { atOnce: asGiven, hasSpare: false, moves: () => false, stays: true },
  'swap-on-demand': { atOnce: asGiven, hasSpare: true, moves: (isSwapDue) => isSwapDue, stays: true },
  'one-backend': { atOnce: () => 1, hasSpare: false, moves: () => false, stays: true },
}

/** Names of all schedules. */
export const scheduleNames = Object.keys(rules) as ScheduleName[]

/** A schedule for a pool of one size. */
export class Schedule {
  readonly name: ScheduleName
  /** Transactions at once. */
  readonly atOnce: number
  /** Backends at most. */
  readonly slots: number
  /** Counts the calls of `swap()`. */
  swaps = 0
  readonly #rule: ScheduleRule

  constructor(name: ScheduleName, poolSize: number) {
    const rule = (rules as Partial<Record<string, ScheduleRule>>)[name]
    if (!rule) {
      throw new TestkitError('invalid-option', `There is no schedule "${name as string}".`, {
        hint: `Choose one of ${scheduleNames.join(', ')}.`,
      })
    }
    this.name = name
    this.#rule = rule
    this.atOnce = rule.atOnce(poolSize)
    this.slots = rule.hasSpare && this.atOnce > 1 ? this.atOnce + 1 : this.atOnce
  }

  /** Whether a client must get another backend than its last one; with one backend nobody can. */
  moves(swapsSeen: number): boolean {
    return this.atOnce > 1 && this.#rule.moves(swapsSeen < this.swaps)
  }

  /** Whether a client that need not move stays where it was. */
  get stays(): boolean {
    return this.#rule.stays
  }
}
