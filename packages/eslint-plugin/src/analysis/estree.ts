/** Start (included) and end (not included) in the source, as UTF-16 offsets. */
export type Range = readonly [start: number, end: number]

/**
 * An ESTree node as the analysis reads it: with the fields that it looks at, whatever the type of the node. Parsers
 * (espree, typescript-eslint, Babel, oxc) agree on these. `parent` has to be set: ESLint does it, `linkParents` does it
 * for parsers that do not.
 */
export interface Node {
  readonly type: string
  readonly range: Range
  parent?: Node | null | undefined
  readonly alternate?: Node | null
  readonly argument?: Node | null
  readonly arguments?: readonly Node[]
  readonly async?: boolean
  readonly block?: Node
  readonly body?: Node | readonly Node[] | null
  readonly callee?: Node
  readonly computed?: boolean
  readonly consequent?: Node | readonly Node[]
  readonly declarations?: readonly Node[]
  readonly elements?: readonly (Node | null)[]
  readonly exported?: Node | null
  readonly expression?: Node | boolean
  readonly expressions?: readonly Node[]
  readonly finalizer?: Node | null
  readonly handler?: Node | null
  readonly id?: Node | null
  readonly imported?: Node
  readonly init?: Node | null
  readonly initializer?: Node | null
  readonly key?: Node
  readonly kind?: string
  readonly left?: Node
  readonly local?: Node
  readonly members?: readonly Node[]
  readonly name?: unknown
  readonly object?: Node
  readonly operator?: string
  readonly parameter?: Node
  readonly params?: readonly Node[]
  readonly properties?: readonly Node[]
  readonly property?: Node
  readonly quasi?: Node
  readonly quasis?: readonly Node[]
  readonly returnType?: Node | null
  readonly right?: Node
  readonly shorthand?: boolean
  readonly source?: Node | null
  readonly specifiers?: readonly Node[]
  readonly static?: boolean
  readonly superClass?: Node | null
  readonly tag?: Node
  readonly test?: Node | null
  readonly typeAnnotation?: Node | null
  readonly typeArguments?: Node | null
  readonly typeName?: Node
  readonly types?: readonly Node[]
  readonly value?: unknown
}

/** The names of the fields that hold child nodes, by node type. */
export type VisitorKeys = Readonly<Record<string, readonly string[] | undefined>>

const notChildren = new Set(['parent', 'range', 'loc', 'start', 'end', 'tokens', 'comments'])

/** Whether a value is a node. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** Puts the nodes right below a node on a stack, the first one on top. */
function pushChildren(stack: Node[], node: Node, visitorKeys: VisitorKeys | undefined): void {
  const fields = node as unknown as Readonly<Record<string, unknown>>
  const known = visitorKeys?.[node.type]
  const keys = known ?? Object.keys(node)
  for (let i = keys.length - 1; i >= 0; i -= 1) {
    const key = keys[i]
    if (key === undefined) continue
    const value = fields[key]
    // Most fields are names, flags and positions.
    if (typeof value !== 'object' || value === null || (known === undefined && notChildren.has(key))) continue
    if (!Array.isArray(value)) {
      if (isNode(value)) stack.push(value)
      continue
    }
    for (let at = value.length - 1; at >= 0; at -= 1) {
      const item: unknown = value[at]
      if (isNode(item)) stack.push(item)
    }
  }
}

/**
 * Visits a node and everything below it in source order, without recursion; stops below a node for which `enter` returns
 * false.
 */
export function walk(root: Node, enter: (node: Node) => unknown, visitorKeys?: VisitorKeys): void {
  const pending: Node[] = [root]
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (enter(node) !== false) pushChildren(pending, node, visitorKeys)
  }
}

/** Sets `parent` on every node of a tree whose parser did not. */
export function linkParents(root: Node, visitorKeys?: VisitorKeys): void {
  const pending: Node[] = [root]
  for (let node = pending.pop(); node; node = pending.pop()) {
    const first = pending.length
    pushChildren(pending, node, visitorKeys)
    for (let i = first; i < pending.length; i += 1) {
      const child = pending[i]
      if (child) child.parent = node
    }
  }
}

const wrappers = new Set([
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'ChainExpression',
  'ParenthesizedExpression',
])

/** The expression inside casts, `!`, `?.` chains and parentheses. */
export function unwrap(node: Node): Node {
  let inner = node
  while (wrappers.has(inner.type) && isNode(inner.expression)) inner = inner.expression
  return inner
}

/** The same, looking through `await`, too. */
export function unwrapAwait(node: Node): Node {
  let inner = unwrap(node)
  while (inner.type === 'AwaitExpression' && inner.argument) inner = unwrap(inner.argument)
  return inner
}

/** The nearest ancestor that is not a mere wrapper. */
export function parentOf(node: Node): Node | undefined {
  let parent = node.parent ?? undefined
  while (parent && wrappers.has(parent.type)) parent = parent.parent ?? undefined
  return parent
}

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/** A function, with or without a name. */
export interface FunctionNode extends Node {
  readonly params: readonly Node[]
}

export function isFunction(node: Node | null | undefined): node is FunctionNode {
  return node != null && functions.has(node.type)
}

/** The innermost function around a node (or the whole program). */
export function functionAround(node: Node): Node {
  let current = node
  while (current.parent) {
    current = current.parent
    if (isFunction(current)) return current
  }
  return current
}

/** Whether a node runs only under a condition (an error is none). */
export function isConditional(node: Node, owner: Node): boolean {
  for (let current = node.parent; current && current !== owner; current = current.parent) {
    if (/^(?:If|Switch)Statement$|^(?:Conditional|Logical)Expression$/.test(current.type)) return true
  }
  return false
}

/** Whether a node stands inside another one (or is it). */
export function isInside(node: Node, outer: Node): boolean {
  return node.range[0] >= outer.range[0] && node.range[1] <= outer.range[1]
}

/** The nearest class around a node. */
export function classAround(node: Node): Node | undefined {
  let current = node.parent
  while (current) {
    if (current.type === 'ClassDeclaration' || current.type === 'ClassExpression') return current
    current = current.parent
  }
  return undefined
}

/** The name of an identifier or private name, or the value of a string literal. */
export function nameOf(node: Node | null | undefined): string | undefined {
  if (!node) return undefined
  if (typeof node.name === 'string') return node.name
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  return undefined
}

/** The name of a property that is accessed or defined, when it is known. */
export function propertyName(node: Node): string | undefined {
  const key = node.type === 'MemberExpression' ? node.property : node.key
  if (!key) return undefined
  if (!node.computed) return nameOf(key)
  return key.type === 'Literal' && typeof key.value === 'string' ? key.value : undefined
}

/** A property of an object literal, by name; `'open'` when a spread may hold it. */
export function findProperty(object: Node, name: string): Node | 'open' | undefined {
  const properties = object.properties ?? []
  let open = false
  for (let i = properties.length - 1; i >= 0; i -= 1) {
    const property = properties[i]
    if (property?.type === 'SpreadElement') open = true
    else if (property && propertyName(property) === name && isNode(property.value)) return property
  }
  return open ? 'open' : undefined
}

/** The value of a property of an object literal, when it is written there. */
export function valueOfProperty(object: Node, name: string): Node | undefined {
  const property = findProperty(object, name)
  if (property === undefined || property === 'open') return undefined
  return isNode(property.value) ? unwrap(property.value) : undefined
}

/** The statements of a block, class or program. */
export function bodyOf(node: Node): readonly Node[] {
  const body = node.body
  if (Array.isArray(body)) return body as readonly Node[]
  if (isNode(body) && Array.isArray(body.body)) return body.body as readonly Node[]
  return []
}
