import { namesDirectUrl } from './direct-url.ts'
import type { Exported } from './drivers.ts'
import {
  bodyOf,
  classAround,
  isFunction,
  isNode,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  unwrapAwait,
  valueOfProperty,
  walk,
  type Node,
} from './estree.ts'
import type { Host } from './host.ts'
import { deepest, ModuleNames, type ModuleName } from './module-names.ts'
import { callbackArgument, instanceOf, propertyOf, resultOf, typedAs, unite, type Receiver } from './receiver.ts'
import { writesOf, type Names, type Variable } from './scope.ts'
import type { Settings } from './settings.ts'
import type { StaticSql } from './static-sql.ts'
import { annotationOf, typeOfMember } from './type-members.ts'

const transparentTypes = new Set(
  'Pick Omit Partial Required Readonly NonNullable Promise Awaited Exclude Extract'.split(' '),
)

/** Finds out what the objects are that methods are called on: by imports, annotations, assignments and callbacks. */
export class Receivers {
  readonly #names: Names
  readonly #sql: StaticSql
  readonly #settings: Settings
  readonly #modules: ModuleNames
  readonly #variables = new Map<Variable, Receiver | undefined>()
  readonly #assigned = new Map<Node, ReadonlyMap<string, readonly Node[]>>()
  readonly #fields = new Map<Node, Map<string, Receiver | undefined>>()
  #depth = 0

  constructor(names: Names, sql: StaticSql, settings: Settings, host: Host) {
    this.#names = names
    this.#sql = sql
    this.#settings = settings
    this.#modules = new ModuleNames(names, settings, host)
  }

  /** What an expression gives; nothing when the file does not show it. */
  of(node: Node): Receiver | undefined {
    if (this.#depth > deepest) return undefined
    this.#depth += 1
    try {
      const cast = node.type === 'TSAsExpression' ? this.ofType(node.typeAnnotation) : undefined
      return cast ?? this.#read(unwrapAwait(node))
    } finally {
      this.#depth -= 1
    }
  }

  /** The variable that an expression starts from: `db` of `db.pool.query`, `this` has none. */
  rootOf(node: Node): Variable | undefined {
    let current = unwrapAwait(node)
    for (;;) {
      if (current.type === 'MemberExpression' && current.object) current = unwrapAwait(current.object)
      else if (current.type === 'CallExpression' && current.callee?.type === 'MemberExpression')
        current = current.callee
      else break
    }
    return current.type === 'Identifier' ? this.#names.lookUp(String(current.name), current) : undefined
  }

  /** What a module says a callee or type is. */
  exportedOf(node: Node): Exported | undefined {
    return this.#modules.exportedOf(node)
  }

  /** The module and export that an expression or type name means. */
  moduleNameOf(node: Node): ModuleName | undefined {
    return this.#modules.moduleNameOf(node)
  }

  /** What a type annotation stands for. */
  ofType(annotation: Node | null | undefined): Receiver | undefined {
    if (!annotation || this.#depth > deepest) return undefined
    this.#depth += 1
    try {
      return this.#readType(annotation)
    } finally {
      this.#depth -= 1
    }
  }

  #read(node: Node): Receiver | undefined {
    switch (node.type) {
      case 'Identifier': {
        const variable = this.#names.lookUp(String(node.name), node)
        return variable && this.ofVariable(variable)
      }
      case 'Super':
      case 'ThisExpression': {
        const owner = classAround(node)
        return owner?.superClass ? instanceOf(this.exportedOf(owner.superClass)) : undefined
      }
      case 'MemberExpression':
        return this.#property(node)
      case 'NewExpression':
        return node.callee && this.#made(instanceOf(this.exportedOf(node.callee)), node)
      case 'CallExpression':
        return this.#result(node)
      case 'ConditionalExpression':
        return unite([
          isNode(node.consequent) ? this.of(node.consequent) : undefined,
          node.alternate ? this.of(node.alternate) : undefined,
        ])
      case 'LogicalExpression':
        return unite([node.left && this.of(node.left), node.right && this.of(node.right)])
      case 'AssignmentExpression':
        return node.right && this.of(node.right)
    }
    return undefined
  }

  #property(node: Node): Receiver | undefined {
    const name = propertyName(node)
    if (!node.object || name === undefined) return undefined
    const object = unwrapAwait(node.object)
    if (object.type === 'ThisExpression') return this.#field(classAround(node), name)
    const module = this.moduleNameOf(node)
    if (module) {
      const found = this.#modules.exportOf(module)
      if (found?.as === 'value') return found
    }
    const receiver = this.of(object)
    if (receiver) return propertyOf(receiver, name)
    return this.#memberOf(object, name)
  }

  /** A property of an object whose shape the file shows: a type literal, an interface, an object literal. */
  #memberOf(object: Node, name: string): Receiver | undefined {
    const holder = this.#sql.resolve(object)
    if (holder.type === 'ObjectExpression') {
      const value = valueOfProperty(holder, name)
      return value && this.of(value)
    }
    if (holder.type === 'MemberExpression' && holder.object && propertyName(holder) !== undefined) {
      const outer = annotationOf(this.#names, holder.object)
      const member = outer && typeOfMember(this.#names, outer, propertyName(holder) ?? '')
      const inner = member && typeOfMember(this.#names, member, name)
      return inner && this.ofType(inner)
    }
    const annotation = annotationOf(this.#names, holder)
    const member = annotation && typeOfMember(this.#names, annotation, name)
    return member && this.ofType(member)
  }

  #result(node: Node): Receiver | undefined {
    const { callee } = node
    if (!callee) return undefined
    const inner = unwrap(callee)
    const module = this.moduleNameOf(inner)
    const exported = module && this.#modules.exportOf(module)
    if (exported) {
      return exported.as === 'factory' || exported.as === 'value' ? this.#made(instanceOf(exported), node) : undefined
    }
    // `pgp(options)(url)`
    if (module?.module === 'pg-promise') return undefined
    if (inner.type === 'Identifier' || inner.type === 'CallExpression') {
      const source = inner.type === 'CallExpression' ? inner : this.#sql.resolve(inner)
      const maker = source.type === 'CallExpression' && source.callee && this.moduleNameOf(source.callee)
      if (maker && maker.module === 'pg-promise') return { driver: 'pg-promise', role: 'pool' }
    }
    if (inner.type === 'MemberExpression' && inner.object) {
      const method = propertyName(inner) ?? ''
      const receiver = this.of(inner.object)
      if (receiver) return resultOf(receiver, method, node)
      // No other driver has it: `const reserved = await sql.reserve()`.
      if (method === 'reserve' && isTag(node, this.#names)) return { driver: 'postgres.js', role: 'client' }
    }
    const target = this.#sql.functionOf(inner)
    return target && this.#returnOf(target)
  }

  /** A pool or client whose URL is named as one that goes past the pooler. */
  #made(receiver: Receiver | undefined, node: Node): Receiver | undefined {
    if (!receiver || receiver.driver === 'foreign') return receiver
    // `new NodePgTransaction(…)`: whoever makes one opens and ends it, too.
    if (receiver.role === 'transaction' && node.type === 'NewExpression') return { ...receiver, role: 'client' }
    const built = { direct: this.isDirect(node.arguments ?? []), wrapped: false }
    for (const argument of node.arguments ?? []) {
      walk(argument, (inner) => {
        if (isFunction(inner)) return false
        // `drizzle({ client: db.pool })`: what an ORM is built on decides.
        if (inner.type === 'MemberExpression' || inner.type === 'Identifier') {
          if (inner.parent?.type !== 'MemberExpression' && this.of(inner)?.driver === 'pooler-safe')
            built.wrapped = true
        }
        return true
      })
    }
    if (built.wrapped) return { driver: 'pooler-safe', role: receiver.role }
    return built.direct ? { driver: receiver.driver, role: 'direct' } : receiver
  }

  /** Whether options or arguments name a URL that goes past the pooler. */
  isDirect(parts: readonly Node[]): boolean {
    return namesDirectUrl(parts, this.#settings)
  }

  #returnOf(target: Node): Receiver | undefined {
    const annotated = this.ofType(target.returnType)
    if (annotated) return annotated
    if (isNode(target.body) && target.body.type !== 'BlockStatement') return this.of(target.body)
    const found: (Receiver | undefined)[] = []
    walk(target, (node) => {
      if (node !== target && isFunction(node)) return false
      if (node.type === 'ReturnStatement' && node.argument) found.push(this.of(node.argument))
      return found.length < 4
    })
    return unite(found)
  }

  /** What a variable holds. */
  ofVariable(variable: Variable): Receiver | undefined {
    if (this.#variables.has(variable)) return this.#variables.get(variable)
    this.#variables.set(variable, undefined)
    const receiver = this.#readVariable(variable)
    this.#variables.set(variable, receiver)
    return receiver
  }

  #readVariable(variable: Variable): Receiver | undefined {
    const definition = this.#names.definition(variable)
    if (!definition) return undefined
    const { name, node, type } = definition
    if (type === 'ImportBinding') {
      const found = this.moduleNameOf(name)
      const exported = found && this.#modules.exportOf(found)
      return exported?.as === 'value' ? instanceOf(exported) : undefined
    }
    const annotated = this.ofType(name.typeAnnotation)
    if (annotated) return annotated
    if (type === 'Parameter') return this.#parameter(node, name)
    if (type !== 'Variable') return undefined
    const { id, init } = node
    if (id?.type === 'ObjectPattern') {
      const property = id.properties?.find((item) => unwrapDefault(item.value) === name)
      const key = property && propertyName(property)
      if (!init || key === undefined) return undefined
      const typed = id.typeAnnotation && typeOfMember(this.#names, id.typeAnnotation, key)
      if (typed) return this.ofType(typed)
      const object = unwrapAwait(init)
      if (object.type === 'ThisExpression') return this.#field(classAround(node), key)
      const receiver = this.of(object)
      return receiver ? propertyOf(receiver, key) : this.#memberOf(object, key)
    }
    const values = writesOf(variable)
      .map((write) => write.parent)
      .filter((parent) => parent?.type === 'AssignmentExpression' && parent.operator !== '+=')
      .map((parent) => parent?.right)
    if (init && unwrap(init).type !== 'Literal') values.unshift(init)
    return unite(values.map((value) => (value ? this.of(value) : undefined)).filter((item) => item !== undefined))
  }

  #parameter(target: Node, name: Node): Receiver | undefined {
    const params = target.params ?? []
    for (const [index, parameter] of params.entries()) {
      const inner = parameter.parameter ?? parameter
      const pattern = inner.type === 'AssignmentPattern' && inner.left ? inner.left : inner
      if (pattern === name) {
        const initial = inner.type === 'AssignmentPattern' && inner.right ? this.of(inner.right) : undefined
        return initial ?? this.#callbackParameter(target, index)
      }
      if (pattern.type !== 'ObjectPattern') continue
      const property = pattern.properties?.find((item) => unwrapDefault(item.value) === name)
      const key = property && propertyName(property)
      if (key === undefined) continue
      const typed = pattern.typeAnnotation && typeOfMember(this.#names, pattern.typeAnnotation, key)
      return typed ? this.ofType(typed) : undefined
    }
    return undefined
  }

  /** What the caller of a callback hands to it. */
  #callbackParameter(target: Node, index: number): Receiver | undefined {
    const call = parentOf(target)
    if (call?.type !== 'CallExpression' || !call.callee) return undefined
    const position = (call.arguments ?? []).findIndex((argument) => unwrap(argument) === target)
    if (position < 0) return undefined
    const callee = unwrap(call.callee)
    if (callee.type === 'MemberExpression' && callee.object) {
      const method = propertyName(callee) ?? ''
      const receiver = this.of(callee.object)
      const given = callbackArgument(receiver, method, callee, call, index)
      if (given) return given
    }
    const local = this.#sql.functionOf(callee)
    const parameter = local?.params?.[position]
    if (!local || parameter?.type !== 'Identifier') return undefined
    return this.#argumentGivenTo(local, String(parameter.name), index)
  }

  /** What a function of the file hands to its callback. */
  #argumentGivenTo(target: Node, callback: string, index: number): Receiver | undefined {
    let given: Receiver | undefined
    walk(target, (node) => {
      if (node.type === 'CallExpression' && nameOf(node.callee) === callback) {
        const argument = node.arguments?.[index]
        if (argument) given ??= this.of(argument)
      }
      return given === undefined
    })
    return given
  }

  #field(owner: Node | undefined, name: string): Receiver | undefined {
    if (!owner) return undefined
    const fields = this.#fields.get(owner) ?? new Map<string, Receiver | undefined>()
    this.#fields.set(owner, fields)
    if (fields.has(name)) return fields.get(name)
    fields.set(name, undefined)
    const receiver = this.#readField(owner, name)
    fields.set(name, receiver)
    return receiver
  }

  /** What the methods of a class assign to its fields. */
  #assignedIn(owner: Node): ReadonlyMap<string, readonly Node[]> {
    const known = this.#assigned.get(owner)
    if (known) return known
    const assigned = new Map<string, Node[]>()
    walk(owner, ({ left, right, type }) => {
      if (type !== 'AssignmentExpression' || left?.type !== 'MemberExpression' || !right) return
      const name = left.object?.type === 'ThisExpression' ? propertyName(left) : undefined
      if (name === undefined) return
      const values = assigned.get(name)
      if (values) values.push(right)
      else assigned.set(name, [right])
    })
    this.#assigned.set(owner, assigned)
    return assigned
  }

  #readField(owner: Node, name: string): Receiver | undefined {
    const found: (Receiver | undefined)[] = []
    for (const member of bodyOf(owner)) {
      if (propertyName(member) === name) {
        const annotated = this.ofType(member.typeAnnotation)
        if (annotated) return annotated
        if (isNode(member.value)) {
          if (member.type === 'PropertyDefinition') found.push(this.of(member.value))
          else if (member.kind === 'get') found.push(this.#returnOf(member.value))
        }
      }
      if (member.kind !== 'constructor' || !isNode(member.value)) continue
      for (const parameter of member.value.params ?? []) {
        const inner = parameter.parameter
        const pattern = inner?.type === 'AssignmentPattern' ? inner.left : inner
        if (pattern && nameOf(pattern) === name) return this.ofType(pattern.typeAnnotation)
      }
    }
    for (const value of this.#assignedIn(owner).get(name) ?? []) found.push(this.of(value))
    const own = unite(found.filter((item) => item !== undefined))
    if (own || !owner.superClass) return own
    const base = this.#sql.resolve(owner.superClass)
    const variable = base.type === 'Identifier' ? this.#names.lookUp(String(base.name), base) : undefined
    const definition = variable && this.#names.definition(variable)
    if (definition?.type === 'ClassName') return this.#field(definition.node, name)
    const inherited = instanceOf(this.exportedOf(owner.superClass))
    return inherited && propertyOf(inherited, name)
  }

  #readType(annotation: Node): Receiver | undefined {
    switch (annotation.type) {
      case 'TSTypeAnnotation':
      case 'TSParenthesizedType':
        return this.ofType(annotation.typeAnnotation)
      case 'TSUnionType':
        return unite((annotation.types ?? []).map((type) => this.ofType(type)).filter((item) => item !== undefined))
      case 'TSIntersectionType':
        return annotation.types?.map((type) => this.ofType(type)).find((item) => item !== undefined)
      case 'TSTypeQuery': {
        const name = (annotation as { readonly exprName?: Node }).exprName
        return name?.type === 'Identifier' ? this.#read(name) : undefined
      }
      case 'TSTypeReference':
      case 'TSExpressionWithTypeArguments':
      case 'TSInterfaceHeritage':
        return this.#typeReference(annotation)
    }
    return undefined
  }

  #typeReference(annotation: Node): Receiver | undefined {
    const name = annotation.typeName ?? (isNode(annotation.expression) ? annotation.expression : undefined)
    if (!name) return undefined
    if (name.type === 'Identifier' && transparentTypes.has(String(name.name))) {
      const argument = (annotation.typeArguments as { readonly params?: readonly Node[] } | null | undefined)
        ?.params?.[0]
      return this.ofType(argument)
    }
    const exported = this.exportedOf(name)
    if (exported) return exported.as === 'tag' ? undefined : typedAs(exported)
    if (name.type !== 'Identifier') return undefined
    const variable = this.#names.lookUp(String(name.name), name)
    const declaration = variable && this.#names.definition(variable)?.node
    if (declaration?.type === 'TSTypeAliasDeclaration') return this.ofType(declaration.typeAnnotation)
    if (declaration?.type === 'TSInterfaceDeclaration') {
      const bases = (declaration as { readonly extends?: readonly Node[] }).extends ?? []
      return bases.map((base) => this.ofType(base)).find((item) => item !== undefined)
    }
    if (declaration?.type === 'TSTypeParameter') {
      return this.ofType((declaration as { readonly constraint?: Node }).constraint)
    }
    return undefined
  }
}

/** Whether what a call gives is used as the tag of templates. */
function isTag(call: Node, names: Names): boolean {
  let declarator = parentOf(call)
  if (declarator?.type === 'AwaitExpression') declarator = parentOf(declarator)
  const id = declarator?.type === 'VariableDeclarator' ? declarator.id : undefined
  const variable = id?.type === 'Identifier' ? names.lookUp(String(id.name), id) : undefined
  return (
    variable?.references.some(({ identifier }) => {
      const parent = (identifier as Node).parent
      return parent?.type === 'TaggedTemplateExpression' && parent.tag === identifier
    }) === true
  )
}

function unwrapDefault(value: unknown): Node | undefined {
  if (!isNode(value)) return undefined
  return value.type === 'AssignmentPattern' ? value.left : value
}
