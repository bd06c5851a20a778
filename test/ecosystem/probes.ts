import type { Item, LibraryTransaction, LibraryUnderTest } from './contract.ts'
import type { Numbers } from './numbers.ts'

/** How many operations are in flight at once: three times the backends of the poolers. */
export const parallel = 12

/** One fact that every library is held to. It rejects when the fact does not hold. */
export interface Probe {
  readonly id: 'statements' | 'transactions' | 'rollback' | 'deferred' | 'aborted' | 'prepared'
  readonly fact: string
  /** The part of the contract it needs. */
  readonly part?: 'transaction' | 'prepared'
  run(library: LibraryUnderTest, numbers: Numbers): Promise<void>
}

export const probes: readonly Probe[] = [
  {
    id: 'statements',
    fact: 'reads and writes, more at once than there are backends',
    async run(library, numbers) {
      const items = numbers.items(parallel)
      await Promise.all(items.map((item) => library.insert(item)))
      for (let round = 0; round < 3; round += 1) {
        const names = await Promise.all(items.map(({ id }) => library.nameOf(id)))
        same(names, items.map(({ name }) => name), 'names that were read') // prettier-ignore
      }
      same(await library.nameOf(-1), undefined, 'a row that is not there')
    },
  },
  {
    id: 'transactions',
    fact: 'runs transactions, each as one on one backend, and what they commit is there',
    part: 'transaction',
    async run(library, numbers) {
      const pairs = Array.from({ length: parallel }, () => [numbers.item(), numbers.item()] as const)
      const transactions = new Set<string>()
      await Promise.all(
        pairs.map(([first, second]) =>
          transact(library, async (transaction) => {
            await transaction.insert(first)
            const before = await transaction.whereAmI()
            await transaction.insert(second)
            same(await transaction.whereAmI(), before, 'backend and transaction')
            transactions.add(before)
          }),
        ),
      )
      same(transactions.size, pairs.length, 'transactions')
      for (const item of pairs.flat()) same(await library.nameOf(item.id), item.name, 'a committed name')
    },
  },
  {
    id: 'rollback',
    fact: 'rolls back when the work throws, and the next ones are not affected',
    part: 'transaction',
    async run(library, numbers) {
      const items = numbers.items(parallel)
      const reason = new Error('the work failed')
      await Promise.all(
        items.map((item) =>
          rejects(
            transact(library, async (transaction) => {
              await transaction.insert(item)
              throw reason
            }),
            'a transaction whose work threw',
          ),
        ),
      )
      for (const { id } of items) same(await library.nameOf(id), undefined, 'a row that was rolled back')
      await library.insert(numbers.item())
    },
  },
  {
    id: 'deferred',
    fact: 'notices a COMMIT that fails because of a deferred constraint',
    part: 'transaction',
    async run(library, numbers) {
      // Each has a row of its own to collide with: COMMITs that wait for one another would be a deadlock.
      const taken = numbers.items(parallel)
      for (const item of taken) await library.insert(item)
      const items = taken.map(({ position }) => ({ ...numbers.item(), position }))
      await Promise.all(
        items.map(async (item) => {
          const error = await rejects(
            transact(library, (transaction) => insertInto(transaction, item)),
            'a transaction whose COMMIT failed',
          )
          if (!describe(error).includes('item_position')) throw error
        }),
      )
      for (const { id } of items) same(await library.nameOf(id), undefined, 'a row that was not committed')
      await library.insert(numbers.item())
    },
  },
  {
    id: 'aborted',
    fact: 'notices that COMMIT of an aborted transaction rolled it back',
    part: 'transaction',
    async run(library, numbers) {
      const items = numbers.items(parallel)
      await Promise.all(
        items.map((item) =>
          rejects(
            transact(library, async (transaction) => {
              await transaction.insert(item)
              await transaction.fail()
            }),
            'a transaction that PostgreSQL had aborted',
          ),
        ),
      )
      for (const { id } of items) same(await library.nameOf(id), undefined, 'a row that was not committed')
      await library.insert(numbers.item())
    },
  },
  {
    id: 'prepared',
    fact: 'survives its own prepared statements',
    part: 'prepared',
    async run(library, numbers) {
      const items = numbers.items(parallel)
      for (const item of items) await library.insert(item)
      for (let round = 0; round < 4; round += 1) {
        const names = await Promise.all(items.map(({ id }) => prepared(library, id)))
        same(names, items.map(({ name }) => name), 'names that prepared statements read') // prettier-ignore
      }
    },
  },
]

function transact(
  library: LibraryUnderTest,
  work: (transaction: LibraryTransaction) => Promise<void>,
): Promise<unknown> {
  if (!library.transaction) throw new Error('The library has no transactions, and does not say why.')
  return library.transaction(work)
}

function prepared(library: LibraryUnderTest, id: number): Promise<string | undefined> {
  if (!library.prepared) throw new Error('The library has no prepared statements, and does not say why.')
  return library.prepared(id)
}

async function insertInto(transaction: LibraryTransaction, item: Item): Promise<void> {
  await transaction.insert(item)
}

/** Fails unless two values are equal as JSON. Not vitest's: raw `pg` is held to the same outside of a test. */
export function same(found: unknown, expected: unknown, what: string): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)]
  if (one !== other) throw new Error(`${what}: found ${one}, expected ${other}`)
}

/** The error that a promise rejects with. Fails when it resolves. */
export async function rejects(promise: Promise<unknown>, what: string): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error(`${what} was reported as a success`)
}

/** Everything an error says, with its causes: libraries wrap them. */
function describe(error: unknown): string {
  const parts: string[] = []
  for (let current = error; current instanceof Error && parts.length < 8;) {
    const { constraint, original, parent, driverError, nativeError } = current as Error & Record<string, unknown>
    parts.push(current.message, String(constraint))
    current = current.cause ?? original ?? parent ?? driverError ?? nativeError
  }
  if (typeof error === 'object' && error !== null) parts.push(JSON.stringify(error))
  return parts.join('\n')
}
