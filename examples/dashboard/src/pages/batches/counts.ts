import type { ItemCounts, ItemState } from '@pooler-safe/example-batch-processor'
import { toneOf } from '../../view/badge.ts'
import type { Part } from '../../view/chart.ts'

/** The order in which a bar fills: what is done, what is under way, what waits. */
const barOrder = ['succeeded', 'failed', 'cancelled', 'running', 'queued'] as const satisfies readonly ItemState[]

/** The items of a batch by state. */
export function partsOf(counts: ItemCounts): Part[] {
  return barOrder.map((state) => ({ label: state, value: counts[state], tone: toneOf(state) }))
}
