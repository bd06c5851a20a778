import type { Alternatives } from './alternatives.ts'
import { isForOtherEngine } from './engine-branches.ts'
import { anyFunctions, engineOf, executes, mayExecute, modules, type Driver } from './drivers.ts'
import {
  findProperty,
  isFunction,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  valueOfProperty,
  type Node,
} from './estree.ts'
import { isFragment, isPart } from './fragments.ts'
import { isGivenTransaction, readAll, statementName } from './given-statement.ts'
import type { Host } from './host.ts'
import type { Engine, Operation } from './operation.ts'
import type { Receiver } from './receiver.ts'
import type { Receivers } from './receivers.ts'
import type { Names } from './scope.ts'
import { matchesGlob, type Settings } from './settings.ts'
import { looksLikeStatement, otherDialect } from './statement-start.ts'
import type { StaticSql } from './static-sql.ts'
import { tagName } from './template-tags.ts'

/** Drivers that speak to nothing but PostgreSQL. */
const postgresDrivers: ReadonlySet<Driver> = new Set([
  'pg',
  'postgres.js',
  'pg-promise',
  'drizzle',
  'slonik',
  'neon-http',
  'pg-boss',
  'node-pg-migrate',
  'pooler-safe',
])

const cursorModules = /^(?:pg-cursor|pg-query-stream|pg-copy-streams)$/

/** Finds the places where SQL is run. */
export class OperationFinder {
  readonly operations: Operation[] = []
  readonly #names: Names
  readonly #sql: StaticSql
  readonly #receivers: Receivers
  readonly #settings: Settings
  readonly #host: Host
  readonly #engine: Engine
  /** Functions of the file that run the SQL they are given, with its position. */
  readonly #executors = new Map<Node, { readonly position: number; readonly receiver: Receiver | undefined }>()
  readonly #always: boolean

  constructor(parts: {
    readonly names: Names
    readonly sql: StaticSql
    readonly receivers: Receivers
    readonly settings: Settings
    readonly host: Host
    readonly engine: Engine
    readonly always: boolean
  }) {
    this.#names = parts.names
    this.#sql = parts.sql
    this.#receivers = parts.receivers
    this.#settings = parts.settings
    this.#host = parts.host
    this.#engine = parts.engine
    this.#always = parts.always
  }

  /** Looks at calls, `new` expressions and tagged templates. */
  find(candidates: readonly Node[]): void {
    for (const node of candidates) {
      if (node.type === 'TaggedTemplateExpression') this.#taggedTemplate(node)
      else if (node.type === 'NewExpression') this.#cursor(node)
      else this.#call(node)
    }
    if (this.#executors.size === 0) return
    const done = new Set(this.operations.map((operation) => operation.node))
    for (const node of candidates) {
      if (node.type !== 'CallExpression' || !node.callee || done.has(node)) continue
      const target = this.#sql.functionOf(node.callee)
      const executor = target && this.#executors.get(target)
      const given = node.arguments ?? []
      const argument = executor && given[executor.position]
      if (!argument) continue
      const callee = unwrap(node.callee)
      const method = callee.type === 'MemberExpression' ? (propertyName(callee) ?? '') : (nameOf(callee) ?? '')
      this.#add(node, method, undefined, executor.receiver, argument, given[executor.position + 1], true)
    }
  }

  #call(node: Node): void {
    const callee = node.callee && unwrap(node.callee)
    const [first, second] = node.arguments ?? []
    if (!callee) return
    if (callee.type === 'Identifier') {
      const executor = this.#executorSetting(callee)
      if (executor) {
        const argument = node.arguments?.[executor.sql ?? 0]
        if (argument)
          this.#add(node, executor.export, callee, { driver: 'unknown', role: executor.kind ?? 'either' }, argument)
        return
      }
      if (!first || !anyFunctions.has(String(callee.name))) return
      const variable = this.#names.lookUp(String(callee.name), callee)
      // A function of this file is judged by what it does.
      if (!variable || this.#sql.functionOf(callee)) return
      const definition = this.#names.definition(variable)
      if (definition?.type === 'ImportBinding' && engineOf(nameOf(definition.parent?.source) ?? '') === 'foreign')
        return
      this.#add(node, String(callee.name), undefined, this.#originReceiver(callee), first, second)
      return
    }
    if (callee.type === 'CallExpression' && callee.callee && first) {
      // `promisify(client.query).bind(client)(text)` and the like are not followed.
      return
    }
    if (callee.type !== 'MemberExpression' || !callee.object) return
    const method = propertyName(callee)
    if (method === undefined) return
    if (method === 'execute' && this.#kyselyTag(node, callee.object, first)) return
    if (!first || !mayExecute(method)) return
    const object = unwrap(callee.object)
    const receiver = this.#receivers.of(object) ?? this.#declared(node) ?? this.#methodExecutor(object, method)
    if (receiver?.driver === 'foreign') return
    if (receiver && !executes(receiver.driver, method)) return
    if (!receiver && !executes('unknown', method)) return
    // `select(db.raw('count(*)'))`: a part of another statement.
    if (method === 'raw' && isFragment(node)) return
    this.#add(node, method, object, receiver, first, second)
  }

  #methodExecutor(object: Node, method: string): Receiver | undefined {
    const found = this.#receivers.moduleNameOf(object)
    const executor =
      found &&
      this.#settings.executors?.find(
        (item) => item.module === found.module && item.export === `${found.name}.${method}`,
      )
    return executor ? { driver: 'unknown', role: executor.kind ?? 'either' } : undefined
  }

  #executorSetting(callee: Node) {
    const { executors = [] } = this.#settings
    const found = executors.length > 0 ? this.#receivers.moduleNameOf(callee) : undefined
    return executors.find(
      (item) =>
        item.export === found?.name && (item.module === found.module || matchesGlob([item.module], found.module)),
    )
  }

  #originReceiver(callee: Node): Receiver | undefined {
    return this.#receivers.moduleNameOf(callee) && this.#receivers.of(callee)
  }

  /** What a type checker says about the called method. */
  #declared(node: Node): Receiver | undefined {
    const declared = this.#host.declarationOf?.(node)
    if (!declared) return undefined
    if (engineOf(declared.package) === 'foreign') return { driver: 'foreign', role: 'pool' }
    const names = Object.keys(modules).filter(
      (module) => module === declared.package || module.startsWith(`${declared.package}/`),
    )
    for (const module of names) {
      const exported = modules[module]?.[declared.container]
      if (exported) return { driver: exported.driver, role: exported.role }
    }
    const byPackage = names.map((module) => Object.values(modules[module] ?? {})[0]).find((item) => item !== undefined)
    return byPackage ? { driver: byPackage.driver, role: 'either' } : undefined
  }

  /** `` sql`…`.execute(db) `` and `sql.raw('…').execute(db)`. */
  #kyselyTag(node: Node, object: Node, executor: Node | undefined): boolean {
    const made = unwrap(object)
    const isTag = made.type === 'TaggedTemplateExpression'
    const isRaw =
      made.type === 'CallExpression' &&
      made.callee?.type === 'MemberExpression' &&
      /^(?:raw|unsafe)$/.test(propertyName(made.callee) ?? '')
    if (!executor || !(isTag || isRaw)) return false
    const receiver = this.#receivers.of(executor) ?? { driver: 'kysely', role: 'either' }
    if (receiver.driver !== 'foreign') this.#add(node, 'execute', executor, receiver, made)
    return true
  }

  #taggedTemplate(node: Node): void {
    const { tag } = node
    if (!tag) return
    const name = tagName(tag)
    if (this.#settings.tags?.[name] === false) return
    const callee = unwrap(tag)
    if (callee.type === 'MemberExpression' && callee.object) {
      if (!/^\$(?:queryRaw|executeRaw)$/.test(name)) {
        this.#memberTag(node, callee, name)
        return
      }
      const receiver = this.#receivers.of(callee.object) ?? { driver: 'prisma', role: 'either' }
      if (receiver.driver !== 'foreign') this.#add(node, name, callee.object, receiver, node)
      return
    }
    if (callee.type !== 'Identifier' || isFragment(node)) return
    const receiver = this.#receivers.of(callee)
    if (receiver) {
      if (receiver.driver === 'postgres.js' || receiver.driver === 'neon-http' || receiver.driver === 'pg') {
        this.#add(node, 'sql', callee, receiver, node)
      }
      return
    }
    const parent = parentOf(node)
    // A tag of another file: a statement where it is awaited or returned, a fragment elsewhere.
    const isNamed = this.#settings.tags?.[name] === 'postgres' || /sql$/i.test(name)
    if (!isNamed && parent?.type !== 'AwaitExpression') return
    if (this.#isQueryTag(callee) && parent && /^(?:AwaitExpression|ExpressionStatement)$/.test(parent.type)) {
      this.#add(node, 'sql', callee, undefined, node)
    }
  }

  /** `` this.sql`…` ``, `` db.sql`…` ``. */
  #memberTag(node: Node, callee: Node, name: string): void {
    if (isFragment(node)) return
    const receiver = this.#receivers.of(callee)
    const isTag = receiver?.driver === 'postgres.js' || receiver?.driver === 'neon-http' || receiver?.driver === 'pg'
    if (isTag) this.#add(node, 'sql', callee, receiver, node)
    else if (!receiver && parentOf(node)?.type === 'AwaitExpression' && this.#isQueryTag(callee)) {
      this.#add(node, name, callee, undefined, node)
    }
  }

  /** Whether a tag may be a driver's: not one of a library that only builds statements. */
  #isQueryTag(tag: Node): boolean {
    const found = this.#receivers.moduleNameOf(tag)
    return found === undefined || found.module.startsWith('.') || modules[found.module]?.[found.name]?.as !== 'tag'
  }

  /** `new Cursor(text)`, `new QueryStream(text)`, `new pg.Query({ … })`. */
  #cursor(node: Node): void {
    const found = node.callee && this.#receivers.moduleNameOf(node.callee)
    const [first, second] = node.arguments ?? []
    if (!found || !first) return
    if (!cursorModules.test(found.module) && !(found.module === 'pg' && found.name === 'Query')) return
    this.#add(node, found.name, undefined, { driver: 'pg', role: 'either' }, first, second)
  }

  #add(
    node: Node,
    method: string,
    object: Node | undefined,
    receiver: Receiver | undefined,
    argument: Node,
    values?: Node,
    isOuter = false,
  ): void {
    const engine = this.#engineFor(receiver)
    if (engine === 'foreign' || isForOtherEngine(node)) return
    if (argument.type === 'SpreadElement') return
    const sqlNode = this.#sql.resolve(argument)
    if (isFunction(sqlNode)) return
    this.#noteExecutor(sqlNode, receiver)
    // A cursor is judged where it is made.
    if (sqlNode.type === 'NewExpression') {
      const made = sqlNode.callee && this.#receivers.moduleNameOf(sqlNode.callee)
      if (made && cursorModules.test(made.module)) return
    }
    const alternatives = this.#textsOf(argument, sqlNode)
    const known = receiver !== undefined && receiver.driver !== 'unknown'
    const texts = readAll(alternatives, this.#always)
    if (node.type === 'TaggedTemplateExpression' && isPart(node, texts)) return
    if (!known && texts.some(({ sql }) => otherDialect.test(sql.text))) return
    const name = statementName(sqlNode)
    const isSql = texts.some(({ sql }) => looksLikeStatement(sql.text))
    if (!known && !isSql && !(name && valueOfProperty(sqlNode, 'text') && engine === 'postgres')) return
    const bound =
      values !== undefined ||
      (sqlNode.type === 'ObjectExpression' && findProperty(sqlNode, 'values') !== undefined) ||
      texts.some(({ sql }) => sql.holes.some((hole) => hole.hole === 'param'))
    this.operations.push({
      node,
      method,
      driver: receiver?.driver ?? 'unknown',
      receiver,
      object,
      root: object && this.#receivers.rootOf(object),
      sqlNode,
      texts,
      bound,
      name,
      engine,
      given: isGivenTransaction(node),
      passesOn: isOuter && this.#isParameter(sqlNode),
    })
  }

  #isParameter(node: Node): boolean {
    const variable = node.type === 'Identifier' ? this.#names.lookUp(String(node.name), node) : undefined
    return variable !== undefined && this.#names.definition(variable)?.type === 'Parameter'
  }

  #textsOf(argument: Node, sqlNode: Node): Alternatives {
    if (sqlNode.type === 'ObjectExpression') return this.#sql.textsOf(sqlNode)
    return this.#sql.textsOf(argument)
  }

  /** A function that passes a parameter of its own on as SQL runs SQL itself. */
  #noteExecutor(sqlNode: Node, receiver: Receiver | undefined): void {
    if (sqlNode.type !== 'Identifier') return
    const variable = this.#names.lookUp(String(sqlNode.name), sqlNode)
    const definition = variable && this.#names.definition(variable)
    if (definition?.type !== 'Parameter' || !isFunction(definition.node)) return
    const position = definition.node.params.findIndex(
      (parameter) =>
        parameter === definition.name || (parameter.type === 'AssignmentPattern' && parameter.left === definition.name),
    )
    if (position >= 0) this.#executors.set(definition.node, { position, receiver })
  }

  #engineFor(receiver: Receiver | undefined): Engine {
    if (!receiver || receiver.driver === 'unknown') return this.#engine
    if (receiver.driver === 'foreign') return 'foreign'
    if (postgresDrivers.has(receiver.driver)) return 'postgres'
    // Libraries over several databases.
    return this.#engine === 'none' ? 'postgres' : this.#engine
  }
}
