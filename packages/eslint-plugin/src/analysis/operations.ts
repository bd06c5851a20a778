import { anyFunctions, executes, isForeignSql, engineOf, mayExecute, modules, type Driver } from './drivers.ts'
import {
  findProperty,
  isFunction,
  isNode,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  valueOfProperty,
  type Node,
} from './estree.ts'
import { readSql, type ReadSql } from './grammar.ts'
import type { Host } from './host.ts'
import type { Receiver, Receivers } from './receivers.ts'
import type { Names, Variable } from './scope.ts'
import { matchesGlob, type Settings } from './settings.ts'
import { isHole } from './sql-text.ts'
import { tagName, type Alternatives, type StaticSql } from './static-sql.ts'

/** How sure it is that a statement goes to PostgreSQL. */
export type Engine = 'postgres' | 'mixed' | 'none' | 'foreign'

/** A place where SQL is run. */
export interface Operation {
  /** The call or tagged template. */
  readonly node: Node
  readonly method: string
  readonly driver: Driver
  readonly receiver: Receiver | undefined
  /** The object that the method belongs to. */
  readonly object: Node | undefined
  /** The variable that the object starts from. */
  readonly root: Variable | undefined
  /** The expression of the SQL. */
  readonly sqlNode: Node
  /** The SQL, in every form it may take; empty when it is put together elsewhere. */
  readonly texts: readonly ReadSql[]
  /** Whether values travel with the text. */
  readonly bound: boolean
  /** The `name` of a server-side prepared statement. */
  readonly name: Node | undefined
  readonly engine: Engine
  /** Whether the call itself names the transaction that it runs in. */
  readonly given: boolean
  /** Whether it only hands SQL that its function was given to another function of the file. */
  readonly passesOn: boolean
}

const statementStart =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*(?:select|insert|update|delete|merge|with|values|set|reset|discard|begin|start|commit|end|rollback|abort|savepoint|release|prepare|execute|deallocate|listen|unlisten|notify|declare|fetch|move|close|lock|load|do|call|copy|create|alter|drop|truncate|grant|revoke|vacuum|analyze|explain|comment|refresh|reindex|cluster|show|table|security|import)\b/i

/** Whether a text starts as a statement does. */
export function looksLikeStatement(text: string): boolean {
  return statementStart.test(text)
}

const dialectPath =
  /(?:^|[/._-])(?:mysql2?|mariadb|sqlite3?|mssql|sqlserver|oracle|libsql|turso|d1|duckdb|clickhouse|pglite|bigquery|snowflake)(?=[/._-]|$)/i

export interface FileFacts {
  readonly path: string
  readonly imports: ReadonlySet<string>
  readonly settings: Settings
  readonly host: Host
}

/** What the imports of a file, or else the dependencies of its package, say about the database behind unknown objects. */
export function engineOfFile({ path, imports, settings, host }: FileFacts): Engine {
  if (matchesGlob(settings.foreign, path)) return 'foreign'
  const own = enginesOf(imports)
  if (own.postgres && !own.foreign) return 'postgres'
  if (own.foreign && !own.postgres) return 'foreign'
  if (dialectPath.test(path)) return 'foreign'
  if (own.foreign) return 'mixed'
  const all = enginesOf(host.dependencies ?? new Set())
  if (all.postgres) return all.foreign ? 'mixed' : 'postgres'
  return all.foreign ? 'foreign' : 'none'
}

function enginesOf(names: ReadonlySet<string>): { readonly postgres: boolean; readonly foreign: boolean } {
  let postgres = false
  let foreign = false
  for (const name of names) {
    if (engineOf(name) === 'postgres') postgres = true
    else if (isForeignSql(name)) foreign = true
  }
  return { postgres, foreign }
}

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
    if (engine === 'foreign') return
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

/** `query(text, { transaction })`, `raw(text).transacting(trx)`. */
function isGivenTransaction(node: Node): boolean {
  const isNamed = (node.arguments ?? []).some((argument) => {
    if (argument.type !== 'ObjectExpression') return false
    const value = valueOfProperty(argument, 'transaction')
    return value !== undefined && value.type !== 'Literal' && nameOf(value) !== 'undefined'
  })
  const parent = parentOf(node)
  return (
    isNamed ||
    (parent?.type === 'MemberExpression' &&
      propertyName(parent) === 'transacting' &&
      parentOf(parent)?.type === 'CallExpression')
  )
}

/** Statements that only SQLite and MySQL have. */
const otherDialect =
  /^\s*(?:pragma\b|begin\s+(?:immediate|exclusive|deferred|concurrent)\b|vacuum\s+into\b|insert\s+or\s|replace\s+into\b|attach\s+(?:database\b|')|detach\s+database\b)/i

/** Whether a template with a tag is a piece for another one: nobody waits for it, and it starts no statement. */
function isPart(node: Node, texts: readonly ReadSql[]): boolean {
  if (parentOf(node)?.type === 'AwaitExpression' || texts.length === 0) return false
  return texts.every(({ sql }) => !looksLikeStatement(sql.text) && sql.holes[0]?.at !== 0)
}

/** The texts that are known in part at least. */
function readAll(alternatives: Alternatives, always: boolean): readonly ReadSql[] {
  const seen = new Set<string>()
  const read: ReadSql[] = []
  for (const pieces of alternatives) {
    if (pieces.every((piece) => isHole(piece) || piece.text.trim() === '')) continue
    const answer = readSql(pieces, always)
    if (seen.has(answer.sql.text)) continue
    seen.add(answer.sql.text)
    read.push(answer)
  }
  return read
}

/** The `name` of `{ name, text, values }`, unless it is written there as nothing. */
function statementName(config: Node): Node | undefined {
  if (config.type !== 'ObjectExpression') return undefined
  const property = findProperty(config, 'name')
  if (property === undefined || property === 'open' || !isNode(property.value)) return undefined
  const value = unwrap(property.value)
  const isNothing =
    (value.type === 'Identifier' && value.name === 'undefined') ||
    (value.type === 'Literal' && (value.value === null || value.value === ''))
  return isNothing ? undefined : property
}

/** Whether SQL is part of another statement: inside a template, an object, or an argument. */
function isFragment(node: Node): boolean {
  const parent = parentOf(node)
  if (!parent) return false
  switch (parent.type) {
    case 'TemplateLiteral':
    case 'Property':
      return true
    case 'ArrayExpression':
    case 'ConditionalExpression':
    case 'LogicalExpression':
      return isFragment(parent)
    case 'ArrowFunctionExpression': {
      // `ids.map((id) => sql`…`)` is what its list is; what other callbacks return is run.
      const call = parentOf(parent)
      const callee = call?.type === 'CallExpression' ? call.callee : undefined
      const isList = callee?.type === 'MemberExpression' && /^(?:map|flatMap|reduce)$/.test(propertyName(callee) ?? '')
      return isList && call ? isFragment(call) : false
    }
    case 'CallExpression': {
      if (unwrap(parent.callee ?? parent) === node) return false
      const method = parent.callee?.type === 'MemberExpression' ? (propertyName(parent.callee) ?? '') : ''
      return !/^(?:all|allSettled|race|push)$/.test(method)
    }
  }
  return false
}
