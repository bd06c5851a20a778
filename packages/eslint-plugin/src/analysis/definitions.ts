import {
  bodyOf,
  classAround,
  findProperty,
  isFunction,
  isNode,
  nameOf,
  propertyName,
  unwrap,
  type Node,
} from './estree.ts'
import { writesOf, type Names, type Variable } from './scope.ts'

/** Deeper than this nothing is looked up: circular constants and recursive templates end here. */
export const deepest = 24

/** Finds what names and properties stand for, where the file shows exactly one value. */
export class Definitions {
  readonly #names: Names
  /** The arguments that stand for parameters while the result of a function is read. */
  readonly bound = new Map<Variable, Node>()

  constructor(names: Names) {
    this.#names = names
  }

  /** The expression that a name or property stands for, where the file shows exactly one. */
  resolve(node: Node): Node {
    let current = unwrap(node)
    for (let i = 0; i < deepest; i += 1) {
      const next = this.definitionOf(current)
      if (!next) return current
      current = unwrap(next)
    }
    return current
  }

  /** The function that a callee means, where it is defined in the file. */
  functionOf(callee: Node): Node | undefined {
    const inner = unwrap(callee)
    if (isFunction(inner)) return inner
    if (inner.type === 'Identifier') {
      const variable = this.#names.lookUp(String(inner.name), inner)
      const definition = variable && this.#names.definition(variable)
      if (definition?.type === 'FunctionName' && isFunction(definition.node)) return definition.node
      const value = variable && this.#constant(variable)
      if (!value) return undefined
      const target = unwrap(value)
      return isFunction(target) ? target : undefined
    }
    if (inner.type === 'MemberExpression' && inner.object?.type === 'ThisExpression') {
      const owner = classAround(inner)
      const member = owner && bodyOf(owner).find((item) => propertyName(item) === propertyName(inner))
      return member && isNode(member.value) && isFunction(member.value) ? member.value : undefined
    }
    return undefined
  }

  #constant(variable: Variable): Node | undefined {
    const definition = this.#names.definition(variable)
    if (definition?.type !== 'Variable' || definition.node.id?.type !== 'Identifier') return undefined
    const { init } = definition.node
    if (!init) return undefined
    return writesOf(variable).some((write) => write.parent !== definition.node) ? undefined : init
  }

  /** The value that a name or property is defined as, one step away. */
  definitionOf(node: Node): Node | undefined {
    if (node.type === 'Identifier') {
      const variable = this.#names.lookUp(String(node.name), node)
      return variable && (this.bound.get(variable) ?? this.#constant(variable))
    }
    if (node.type !== 'MemberExpression' || !node.object) return undefined
    const name = propertyName(node)
    if (name === undefined) return undefined
    const object = unwrap(node.object)
    if (object.type === 'ThisExpression') {
      const owner = classAround(node)
      return owner && constantField(owner, name)
    }
    if (object.type === 'Identifier') {
      const variable = this.#names.lookUp(String(object.name), object)
      const definition = variable && this.#names.definition(variable)
      if (definition?.type === 'ClassName') return constantField(definition.node, name)
      if (definition?.node.type === 'TSEnumDeclaration') return enumMember(definition.node, name)
    }
    const holder = this.resolve(object)
    if (holder.type !== 'ObjectExpression') return undefined
    const property = findProperty(holder, name)
    if (property === undefined || property === 'open' || !isNode(property.value)) return undefined
    return isFunction(property.value) ? undefined : property.value
  }
}

function constantField(owner: Node, name: string): Node | undefined {
  const member = bodyOf(owner).find((item) => item.type === 'PropertyDefinition' && propertyName(item) === name)
  return isNode(member?.value) && !isFunction(member.value) ? member.value : undefined
}

function enumMember(declaration: Node, name: string): Node | undefined {
  const members = declaration.members ?? (isNode(declaration.body) ? declaration.body.members : undefined) ?? []
  const found = members.find((member) => nameOf(member.id) === name)
  return found?.initializer ?? undefined
}
