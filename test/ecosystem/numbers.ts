import type { Item } from './contract.ts'

/** Hands out numbers that no other probe uses. */
export class Numbers {
  #last: number

  constructor(after: number) {
    this.#last = after
  }

  item(): Item {
    this.#last += 1
    return { id: this.#last, name: `item ${this.#last}`, position: this.#last }
  }

  items(count: number): Item[] {
    return Array.from({ length: count }, () => this.item())
  }
}
