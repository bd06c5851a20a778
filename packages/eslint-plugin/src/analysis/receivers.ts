import {
  checkoutMethods,
  engineOf,
  modules,
  sameMethods,
  sameProperties,
  transactionMethods,
  type Driver,
  type Exported,
  type Role,
} from './drivers.ts'
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
import { writesOf, type Names, type Variable } from './scope.ts'
import { matchesGlob, type Settings } from './settings.ts'
import type { StaticSql } from './static-sql.ts'

/** What a statement is given to. */
export interface Receiver {
  readonly driver: Driver
  readonly role: Role
}

/** A name of a module: `default`, `*`, or an export. */
interface ModuleName {
  readonly module: string
  readonly name: string
}

const deepest = 16
/** The usual names of variables that hold the URL of the database itself. */
const directUrlNames = [
  'DIRECT_URL',
  'DIRECT_DATABASE_URL',
  'MIGRATION_DATABASE_URL',
  'DATABASE_URL_UNPOOLED',
  'POSTGRES_URL_NON_POOLING',
]
const transparentTypes = new Set(
  'Pick Omit Partial Required Readonly NonNullable Promise Awaited Exclude Extract'.split(' '),
)

/** Finds out what the objects are that methods are called on: by imports, annotations, assignments and callbacks. */
export class Receivers {
  readonly #names: Names
  readonly #sql: StaticSql
  readonly #settings: Settings
  readonly #host: Host
  readonly #variables = new Map<Variable, Receiver | undefined>()
  readonly #fields = new Map<Node, Map<string, Receiver | undefined>>()
  #depth = 0

  constructor(names: Names, sql: StaticSql, settings: Settings, host: Host) {
    this.#names = names
    this.#sql = sql
    this.#settings = settings
    this.#host = host
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
    const inner = unwrap(node)
    const found = this.moduleNameOf(inner)
    if (found) return this.#exportOf(found)
    if (inner.type !== 'Identifier') return undefined
    const variable = this.#names.lookUp(String(inner.name), inner)
    const definition = variable && this.#names.definition(variable)
    if (definition?.type !== 'ClassName' || !definition.node.superClass || this.#depth > deepest) return undefined
    this.#depth += 1
    try {
      return this.exportedOf(definition.node.superClass)
    } finally {
      this.#depth -= 1
    }
  }

  /** The module and export that an expression or type name means. */
  moduleNameOf(node: Node): ModuleName | undefined {
    const inner = unwrap(node)
    if (inner.type === 'MemberExpression' && inner.object) {
      return this.#member(this.moduleNameOf(inner.object), propertyName(inner))
    }
    if (inner.type === 'TSQualifiedName' && inner.left && inner.right) {
      return this.#member(this.moduleNameOf(inner.left), nameOf(inner.right))
    }
    if (inner.type === 'CallExpression') {
      const [argument] = inner.arguments ?? []
      const isRequire = nameOf(inner.callee) === 'require' || inner.callee?.type === 'Import'
      const module = isRequire ? nameOf(argument) : undefined
      return module === undefined ? undefined : { module, name: '*' }
    }
    if (inner.type === 'AwaitExpression' || inner.type === 'ImportExpression') {
      const argument = inner.type === 'ImportExpression' ? inner : inner.argument
      const source = argument?.type === 'ImportExpression' ? nameOf(argument.source) : undefined
      return source === undefined ? undefined : { module: source, name: '*' }
    }
    if (inner.type !== 'Identifier') return undefined
    const variable = this.#names.lookUp(String(inner.name), inner)
    const definition = variable && this.#names.definition(variable)
    if (!definition) return undefined
    if (definition.type === 'ImportBinding') {
      const module = nameOf(definition.parent?.source)
      if (module === undefined) return importEquals(definition.node)
      const { node } = definition
      if (node.type === 'ImportSpecifier') return { module, name: nameOf(node.imported) ?? 'default' }
      return { module, name: node.type === 'ImportDefaultSpecifier' ? 'default' : '*' }
    }
    const { id, init } = definition.node
    if (definition.type !== 'Variable' || !init || this.#depth > deepest) return undefined
    this.#depth += 1
    try {
      const whole = this.moduleNameOf(init)
      if (!whole || id?.type === 'Identifier') return whole
      const property = id?.properties?.find((item) => item.value === definition.name)
      return this.#member(whole, property && propertyName(property))
    } finally {
      this.#depth -= 1
    }
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

  #member(found: ModuleName | undefined, name: string | undefined): ModuleName | undefined {
    if (!found || name === undefined) return undefined
    if (found.name === '*') return { module: found.module, name }
    if (found.name === 'default') {
      const known = modules[found.module]
      return { module: found.module, name: known?.[name] || !known?.['default'] ? name : `default.${name}` }
    }
    return { module: found.module, name: `${found.name}.${name}` }
  }

  #exportOf({ module, name }: ModuleName): Exported | undefined {
    if (matchesGlob(this.#settings.wrapper, module)) {
      return modules['pooler-safe']?.[name] ?? { driver: 'pooler-safe', role: 'either', as: 'value' }
    }
    if (engineOf(module) === 'foreign') return { driver: 'foreign', role: 'pool', as: 'value' }
    const table = modules[module]
    if (table)
      return (Object.hasOwn(table, name) ? table[name] : undefined) ?? (name === '*' ? table['default'] : undefined)
    const executor = this.#settings.executors?.find(
      (item) => item.export === name && (item.module === module || matchesGlob([item.module], module)),
    )
    if (executor) return { driver: 'unknown', role: executor.kind ?? 'either', as: 'value' }
    const origin = this.#host.originOf?.(module)
    if (origin === 'wrapper') return { driver: 'pooler-safe', role: 'either', as: 'value' }
    if (origin === 'foreign') return { driver: 'foreign', role: 'pool', as: 'value' }
    return undefined
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
      const found = this.#exportOf(module)
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
      const outer = this.#annotationOf(holder.object)
      const member = outer && this.#typeOfMember(outer, propertyName(holder) ?? '')
      const inner = member && this.#typeOfMember(member, name)
      return inner && this.ofType(inner)
    }
    const annotation = this.#annotationOf(holder)
    const member = annotation && this.#typeOfMember(annotation, name)
    return member && this.ofType(member)
  }

  #annotationOf(node: Node): Node | undefined {
    if (node.type !== 'Identifier') return undefined
    const variable = this.#names.lookUp(String(node.name), node)
    const definition = variable && this.#names.definition(variable)
    return definition?.name.typeAnnotation ?? undefined
  }

  #typeOfMember(annotation: Node, name: string): Node | undefined {
    let type: Node | undefined = annotation
    if (type.type === 'TSTypeAnnotation' && type.typeAnnotation) type = type.typeAnnotation
    let members = type.members
    if (type.type === 'TSTypeReference' && type.typeName?.type === 'Identifier') {
      const variable = this.#names.lookUp(String(type.typeName.name), type)
      const declaration = variable && this.#names.definition(variable)?.node
      if (declaration?.type === 'TSTypeAliasDeclaration') members = declaration.typeAnnotation?.members
      else if (declaration?.type === 'TSInterfaceDeclaration') members = bodyOf(declaration)
      else if (declaration?.type === 'ClassDeclaration') members = bodyOf(declaration)
    }
    return members?.find((member) => propertyName(member) === name)?.typeAnnotation ?? undefined
  }

  #result(node: Node): Receiver | undefined {
    const { callee } = node
    if (!callee) return undefined
    const inner = unwrap(callee)
    const module = this.moduleNameOf(inner)
    const exported = module && this.#exportOf(module)
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
    const names = this.#settings.sessionMode?.urlEnv ?? directUrlNames
    let direct = false
    for (const part of parts) {
      walk(part, (inner) => {
        if (inner.type === 'MemberExpression' && names.includes(propertyName(inner) ?? '')) direct = true
        return !direct && !isFunction(inner)
      })
    }
    return direct
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
      const exported = found && this.#exportOf(found)
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
      const typed = id.typeAnnotation && this.#typeOfMember(id.typeAnnotation, key)
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
      const typed = pattern.typeAnnotation && this.#typeOfMember(pattern.typeAnnotation, key)
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
    walk(owner, (node) => {
      if (node.type !== 'AssignmentExpression' || node.left?.type !== 'MemberExpression' || !node.right) return true
      if (node.left.object?.type === 'ThisExpression' && propertyName(node.left) === name)
        found.push(this.of(node.right))
      return true
    })
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

function importEquals(node: Node): ModuleName | undefined {
  const reference = (node as { readonly moduleReference?: { readonly expression?: Node } }).moduleReference
  const module = nameOf(reference?.expression)
  return module === undefined ? undefined : { module, name: '*' }
}

function unwrapDefault(value: unknown): Node | undefined {
  if (!isNode(value)) return undefined
  return value.type === 'AssignmentPattern' ? value.left : value
}

function instanceOf(exported: Exported | undefined): Receiver | undefined {
  return exported && { driver: exported.driver, role: exported.role }
}

/** A value of a type: a Kysely transaction is a `Kysely`, too. */
function typedAs(exported: Exported): Receiver {
  const { driver, role } = exported
  return { driver, role: driver === 'kysely' && role === 'pool' ? 'either' : role }
}

/** One of several possible values: the same driver, and the role that covers them all. */
function unite(receivers: readonly (Receiver | undefined)[]): Receiver | undefined {
  const known = receivers.filter((receiver) => receiver !== undefined)
  const [first] = known
  if (!first) return undefined
  if (known.every(({ driver, role }) => driver === first.driver && role === first.role)) return first
  if (known.every(({ driver }) => driver === first.driver)) return { driver: first.driver, role: 'either' }
  return { driver: 'unknown', role: 'either' }
}

function propertyOf(receiver: Receiver, name: string): Receiver | undefined {
  if (receiver.driver === 'foreign') return receiver
  if (receiver.driver === 'pooler-safe') return name === 'direct' ? { ...receiver, role: 'direct' } : receiver
  return sameProperties.has(name) || (receiver.driver === 'knex' && name === 'client') ? receiver : undefined
}

/** Whether a call hands a callback over. */
function hasCallback(call: Node): boolean {
  return (call.arguments ?? []).some((argument) => isFunction(unwrap(argument)))
}

function resultOf(receiver: Receiver, method: string, call: Node): Receiver | undefined {
  const { driver, role } = receiver
  if (driver === 'foreign') return receiver
  if (checkoutMethods.has(method)) {
    return hasCallback(call) ? undefined : { driver, role: role === 'pool' || role === 'either' ? 'client' : role }
  }
  if (sameMethods.has(method)) return receiver
  if (
    driver === 'kysely' &&
    /^(?:transaction|startTransaction|setIsolationLevel|setAccessMode|execute)$/.test(method)
  ) {
    return { driver, role: 'transaction' }
  }
  if (transactionMethods.has(method) && !hasCallback(call) && driver === 'knex') return { driver, role: 'transaction' }
  return undefined
}

function callbackArgument(
  receiver: Receiver | undefined,
  method: string,
  callee: Node,
  call: Node,
  index: number,
): Receiver | undefined {
  const driver = receiver?.driver ?? 'unknown'
  if (receiver?.driver === 'foreign') return receiver
  // Kysely: `db.transaction().execute(callback)`, `db.connection().execute(callback)`
  if (method === 'execute' && index === 0 && callee.object) {
    const made = methodsOf(callee.object)
    if (made.includes('transaction')) return { driver: driver === 'unknown' ? 'kysely' : driver, role: 'transaction' }
    if (made.includes('connection')) return { driver: driver === 'unknown' ? 'kysely' : driver, role: 'client' }
  }
  if (transactionMethods.has(method) && index === 0 && driver !== 'sequelize') return { driver, role: 'transaction' }
  if (!receiver) return undefined
  if (checkoutMethods.has(method) && index === (driver === 'pg' ? 1 : 0)) return { driver, role: 'client' }
  const event = nameOf(call.arguments?.[0])
  if (driver === 'pg' && (method === 'on' || method === 'once') && index === 0 && event !== 'error') {
    return { driver, role: 'client' }
  }
  return undefined
}

/** The methods called in a chain: `transaction`, `setIsolationLevel` of `db.transaction().setIsolationLevel(x)`. */
export function methodsOf(node: Node): readonly string[] {
  const methods: string[] = []
  let current = unwrapAwait(node)
  while (current.type === 'CallExpression' || current.type === 'MemberExpression') {
    if (current.type === 'MemberExpression') {
      const name = propertyName(current)
      if (name !== undefined) methods.push(name)
      if (!current.object) break
      current = unwrapAwait(current.object)
    } else {
      if (!current.callee) break
      current = unwrapAwait(current.callee)
    }
  }
  return methods
}
