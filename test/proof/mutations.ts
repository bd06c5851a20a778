/** A guard taken out on purpose. At least one of `tests` has to fail then, or the guard is not proven. */
export interface Mutation {
  readonly id: string
  /** What is taken away, as a sentence without its guard. */
  readonly removes: string
  /** The invariants of docs/architecture.md that it breaks. */
  readonly invariants: readonly string[]
  readonly file: string
  /** Source text that stands in `file` exactly once. */
  readonly anchor: string
  readonly replacement: string
  readonly tests: readonly string[]
}

export const mutations: readonly Mutation[] = []
