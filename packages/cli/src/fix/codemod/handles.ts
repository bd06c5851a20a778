import {
  isNode,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  type Node,
  type Variable,
} from 'eslint-plugin-pooler-safe/analysis'
import type { ModuleFacts } from './module-facts.ts'

export type HandleKind = 'pg' | 'postgres.js' | 'database'

/** A constant that holds a pool. */
export interface Handle {
  readonly kind: HandleKind
  readonly facts: ModuleFacts
  readonly variable: Variable
  readonly declarator: Node
  /** `new Pool(…)`, `postgres(…)` or `createDatabase(…)`. */
  readonly made: Node
  /** The imported names that it was made with, which may become unused. */
  readonly via: Variable | undefined
  /** The name that other files import. */
  readonly exported: string | undefined
}

/** A pool that is kept where the codemod cannot follow it. */
export interface LoosePool {
  readonly node: Node
  readonly name: string
}

export function handlesOf(facts: ModuleFacts): {
  readonly handles: readonly Handle[]
  readonly loose: readonly LoosePool[]
} {
  const handles: Handle[] = []
  const loose: LoosePool[] = []
  for (const made of facts.find(({ type }) => type === 'NewExpression' || type === 'CallExpression')) {
    const found = kindOf(made, facts)
    if (!found) continue
    const parent = parentOf(made)
    const declaration = parent?.parent
    const variable =
      parent?.type === 'VariableDeclarator' && parent.id?.type === 'Identifier'
        ? facts.variableOf(parent.id)
        : undefined
    if (!variable || !parent || declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') {
      if (found.kind !== 'database') loose.push({ node: made, name: facts.source(made.callee ?? made) })
      continue
    }
    handles.push({ ...found, facts, variable, declarator: parent, made, exported: exportedName(variable, declaration) })
  }
  return { handles, loose }
}

function kindOf(
  made: Node,
  facts: ModuleFacts,
): { readonly kind: HandleKind; readonly via: Variable | undefined } | undefined {
  const found = made.callee && facts.exportOf(made.callee)
  if (!found) return undefined
  const { module, name, via } = found
  if (made.type === 'NewExpression' && module === 'pg' && name === 'Pool') return { kind: 'pg', via }
  if (made.type !== 'CallExpression') return undefined
  if (module === 'postgres' && (name === 'default' || name === '*')) return { kind: 'postgres.js', via }
  return module === 'pooler-safe' && name === 'createDatabase' ? { kind: 'database', via } : undefined
}

function exportedName(variable: Variable, declaration: Node): string | undefined {
  if (declaration.parent?.type === 'ExportNamedDeclaration') return variable.name
  for (const reference of variable.references) {
    const parent = (reference.identifier as Node).parent
    if (parent?.type === 'ExportSpecifier') return nameOf(parent.exported) ?? variable.name
  }
  return undefined
}

/** How an expression is used: the method that is called on it, and the call. */
export interface Use {
  readonly node: Node
  readonly access: Node | undefined
  readonly method: string | undefined
  readonly call: Node | undefined
}

export function useOf(node: Node): Use {
  const parent = parentOf(node)
  if (parent?.type !== 'MemberExpression' || !parent.object || unwrap(parent.object) !== node) {
    return { node, access: undefined, method: undefined, call: undefined }
  }
  const outer = parentOf(parent)
  const isCalled = outer?.type === 'CallExpression' && outer.callee !== undefined && unwrap(outer.callee) === parent
  return { node, access: parent, method: propertyName(parent), call: isCalled ? outer : undefined }
}

/** The places where a variable's value is read. */
export function usesOf(variable: Variable): readonly Node[] {
  return variable.references
    .filter((reference) => !reference.isWrite())
    .flatMap(({ identifier }) => (isNode(identifier) ? [identifier] : []))
}
