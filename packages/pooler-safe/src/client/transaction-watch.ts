import type { Command } from '@pooler-safe/hazards'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import type { TransactionStatus } from './pg-internals.ts'
import { controlling } from './sql-policy.ts'

const closing: ReadonlySet<Command | ''> = new Set(['commit', 'rollback', 'prepare-transaction'])
const committing: ReadonlySet<Command> = new Set(['commit', 'commit-and-chain', 'prepare-transaction'])

/**
 * Verifies what the server answers to a text that controls a transaction.
 *
 * PostgreSQL answers COMMIT of an aborted transaction with the tag ROLLBACK and no error, and COMMIT or BEGIN in the wrong
 * state with a mere warning. `pg` takes all of these for success.
 */
export class TransactionWatch {
  readonly #commands: readonly Command[]
  #tags = 0
  #failure: PoolerSafeError | undefined
  /** A COMMIT of the text was confirmed, so an error after it does not undo everything. */
  committed = false
  /** The backend is not in the state it must be in: nobody may go on using this client connection. */
  evict = false

  /** The text commits something. */
  readonly commits: boolean
  /** Whether a transaction is open behind the text, if all of it succeeds. */
  readonly leavesOpen: boolean

  /** Takes the commands of everything that is answered under one Query or Sync, in order. */
  constructor(commands: readonly Command[]) {
    this.#commands = commands.filter((command) => command !== 'empty')
    this.leavesOpen = !closing.has(this.#commands.findLast((command) => controlling.has(command)) ?? '')
    this.commits = commands.some((command) => committing.has(command))
  }

  /** CommandComplete: one per statement, in order. */
  complete(tag: string): void {
    const command = this.#commands[this.#tags]
    this.#tags += 1
    if (command === undefined || !committing.has(command)) return
    const expected = command === 'prepare-transaction' ? 'PREPARE TRANSACTION' : 'COMMIT'
    if (tag === expected) {
      this.committed = true
      return
    }
    this.#failure ??= new PoolerSafeError(
      'POOLER_SAFE_COMMIT_ROLLED_BACK',
      `${expected} was answered with ${tag}: an earlier statement had failed, and nothing was committed.`,
      {
        outcome: this.committed ? 'unknown' : 'not-executed',
        hazard: 'commit-became-rollback',
        hint: 'Let the error of the failing statement end the transaction, and run the whole unit again.',
      },
    )
  }

  /** A warning: 25P01 says that no transaction is open, 25001 that one already is. */
  notice(code: string | undefined): void {
    const command = this.#commands[this.#tags]
    const missing = code === '25P01' && (command === 'commit' || command === 'commit-and-chain')
    const foreign = code === '25001' && command === 'begin'
    if (!missing && !foreign) return
    this.evict = true
    this.#failure ??= missing
      ? new PoolerSafeError(
          'POOLER_SAFE_TRANSACTION_LOST',
          'COMMIT found no open transaction: its statements ran one by one.',
          {
            outcome: 'unknown',
            hazard: 'commit-outside-tx',
            hint: 'The pooler or driver changed the backend in mid transaction. Check what was written before repeating it.',
          },
        )
      : new PoolerSafeError(
          'POOLER_SAFE_TRANSACTION_LOST',
          'BEGIN found a transaction open already: it belongs to somebody else.',
          {
            outcome: 'not-executed',
            hazard: 'already-in-tx',
            hint: 'The pooler handed out a backend in use. The client connection was closed; run the unit again.',
          },
        )
  }

  /** What is wrong, once the whole answer is there. */
  get failure(): PoolerSafeError | undefined {
    return this.#failure
  }
}

/** A backend left its transaction although no statement ended it. */
export function lostTransaction(before: TransactionStatus): PoolerSafeError {
  const state = before === 'E' ? 'an aborted' : 'an open'
  return lost(
    `The backend is no longer in ${state} transaction, although no statement ended it: this statement ran outside.`,
  )
}

/** Transaction control was confirmed, and the backend is in the other state. */
export function wrongState(leavesOpen: boolean): PoolerSafeError {
  return lost(
    leavesOpen
      ? 'A transaction was opened, but the backend is in none: what follows would run outside.'
      : 'The transaction was ended, but the backend is still in one: it belongs to somebody else.',
  )
}

function lost(message: string): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_TRANSACTION_LOST', message, {
    outcome: 'unknown',
    hazard: 'commit-outside-tx',
    hint: 'The pooler changed the backend in mid transaction. Check what was written before repeating it.',
  })
}
