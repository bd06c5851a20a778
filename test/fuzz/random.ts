import { seededRandom } from '../../packages/testkit/src/pooler/seeded-random.ts'

export type Random = () => number

export { seededRandom }

/** One of the items; the list must not be empty. */
export function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)] as T
}
