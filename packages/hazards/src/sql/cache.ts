/**
 * A bounded map that forgets what was not asked for lately: two generations, the older dropped when the younger is
 * full. Costs one look-up on a hit, keeps between `size` and twice as many entries.
 */
export class TwoGenerationCache<V> {
  readonly #size: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  constructor(size: number) {
    this.#size = size
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  /** How many entries are held. */
  get entries(): number {
    return this.#young.size + this.#old.size
  }
}
