import type { Node } from './estree.ts'

/** Scope information as `eslint-scope` and `@typescript-eslint/scope-manager` give it: what the analysis reads of it. */
export interface ScopeManager {
  acquire(node: never, inner?: boolean): Scope | null
  readonly scopes: readonly Scope[]
}

export interface Scope {
  readonly set: ReadonlyMap<string, Variable>
  readonly upper: Scope | null
}

export interface Variable {
  readonly name: string
  readonly defs: readonly Definition[]
  readonly references: readonly Reference[]
}

export interface Definition {
  /** `ImportBinding`, `Variable`, `Parameter`, `FunctionName`, `ClassName`, … */
  readonly type: string
  readonly node: unknown
  readonly name: unknown
  readonly parent?: unknown
}

export interface Reference {
  readonly identifier: unknown
  isWrite(): boolean
}

/** A definition with nodes for nodes. */
export interface Definite {
  readonly type: string
  readonly node: Node
  readonly name: Node
  readonly parent: Node | undefined
}

/** Names by scope, over a scope manager. */
export class Names {
  readonly #manager: ScopeManager
  readonly #scopes = new WeakMap<Node, Scope | null>()

  constructor(manager: ScopeManager) {
    this.#manager = manager
  }

  /** The variable that an identifier means, wherever in the file it is defined; nothing for globals. */
  lookUp(name: string, at: Node): Variable | undefined {
    const isType = at.parent?.type === 'TSTypeReference' || at.parent?.type === 'TSQualifiedName'
    for (let scope = this.#scopeAt(at); scope; scope = scope.upper) {
      const variable = scope.set.get(name)
      // A parameter `knex: knex.Knex` does not hide the import that its type means.
      if (variable && isType && variable.defs.every(({ type }) => type === 'Parameter')) continue
      if (variable) return variable.defs.length > 0 ? variable : undefined
    }
    return undefined
  }

  /** The one definition of a variable; nothing if it has several. */
  definition(variable: Variable): Definite | undefined {
    const [only, second] = variable.defs
    if (!only || second) return undefined
    return {
      type: only.type,
      node: only.node as Node,
      name: only.name as Node,
      parent: only.parent as Node | undefined,
    }
  }

  #scopeAt(at: Node): Scope | null {
    const known = this.#scopes.get(at)
    if (known !== undefined) return known
    let scope: Scope | null = null
    for (let node: Node | null | undefined = at; node && !scope; node = node.parent) {
      scope = this.#manager.acquire(node as never, true)
    }
    scope ??= this.#manager.scopes[0] ?? null
    this.#scopes.set(at, scope)
    return scope
  }
}

/** The identifiers that a variable is written at, its definition left out. */
export function writesOf(variable: Variable): readonly Node[] {
  return variable.references.filter((reference) => reference.isWrite()).map((reference) => reference.identifier as Node)
}
