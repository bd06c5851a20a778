import type { Node } from './estree.ts'

/** What the called method is declared in, as a type checker knows it. */
export interface Declared {
  /** The package (`pg` for `@types/pg`). */
  readonly package: string
  /** The class or interface. */
  readonly container: string
  readonly member: string
}

/** What a caller of the analysis may know beyond the file. Every part is optional. */
export interface Host {
  /** The dependencies of the nearest package.json, by name. */
  readonly dependencies?: ReadonlySet<string>
  /**
   * What an import leads to: a module, or a package of the same workspace, that hands out the safe session (`wrapper`);
   * a module that talks to a driver itself (`raw`), or one over another database (`foreign`).
   */
  readonly originOf?: (specifier: string) => 'wrapper' | 'raw' | 'foreign' | undefined
  /** Where the method of a call is declared. */
  readonly declarationOf?: (call: Node) => Declared | undefined
}
