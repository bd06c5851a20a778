import { pick } from '../pooler/seeded-random.ts'
import { countsMessage, type ChaosRule, type Disturbance, type RandomChaos } from './plan.ts'

interface Counted {
  readonly rule: ChaosRule
  left: number
}

/** What happens to one client, message by message. */
export class ClientChaos {
  readonly #rules: Counted[]
  readonly #random: { readonly plan: RandomChaos; readonly next: () => number } | undefined
  #now: Disturbance | undefined

  constructor(
    rules: readonly ChaosRule[],
    client: { readonly id: number; readonly applicationName: string },
    random: { readonly plan: RandomChaos; readonly next: () => number } | undefined,
  ) {
    this.#rules = rules
      .filter(({ client: wanted }) => wanted === undefined || wanted === client.id || wanted === client.applicationName)
      .map((rule) => ({ rule, left: rule.nth }))
    this.#random = random
  }

  /** Counts a message; answers what happens before it is passed on. Ask `after` when it was. */
  before(type: number): Disturbance | undefined {
    const due = this.#rules.filter((counted) => {
      if (!countsMessage(counted.rule, type)) return false
      counted.left -= 1
      return counted.left === 0
    })
    const { plan, next } = this.#random ?? {}
    const chance = plan && next && next() < 1 / plan.every ? pick(plan.disturbances, next) : undefined
    this.#now = due.find(({ rule }) => rule.when === 'after')?.rule.disturbance ?? chance
    return due.find(({ rule }) => rule.when === 'before')?.rule.disturbance
  }

  /** What happens after the message that was counted last. */
  after(): Disturbance | undefined {
    const disturbance = this.#now
    this.#now = undefined
    return disturbance
  }
}
