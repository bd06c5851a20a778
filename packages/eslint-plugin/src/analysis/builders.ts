import type { Driver, Role } from './drivers.ts'
import { nameOf, parentOf, propertyName, unwrap, unwrapAwait, walk, type Node } from './estree.ts'
import type { Host } from './host.ts'
import type { Receivers } from './receivers.ts'
import type { Names } from './scope.ts'
import type { StaticSql } from './static-sql.ts'

/** A call that has a library write the statement. */
export interface BuilderOperation {
  /** The whole chain. */
  readonly node: Node
  /** What tells what is done: `findMany`, `select`, `insertInto`. */
  readonly method: string
  readonly driver: Driver
  readonly role: Role | undefined
  /** `tx`: it locks rows, which ends with the statement unless a transaction is open. `unknown`: it splices text that nobody can read. */
  readonly verdict: 'safe' | 'tx' | 'unknown'
}

interface Chain {
  readonly node: Node
  /** Calls and property accesses, from the start. */
  readonly links: readonly { readonly name: string; readonly call: Node | undefined }[]
  readonly root: Node
  /** `knex('job')`: the root is called itself. */
  readonly isCalled: boolean
}

/** How the calls of a library look: the driver, its package, and what tells an operation. */
interface Shape {
  readonly driver: Driver
  readonly packages: RegExp
  /** Whether a text can hold one of its calls on an object that another file makes. */
  readonly mayHold: (source: string) => boolean
  /** The method that tells what is done, if the chain is one of this library; `known`: its object is. */
  readonly find: (chain: Chain, known: boolean) => string | undefined
}

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '))

const prismaOwn = set(
  'findUnique findUniqueOrThrow findFirst findFirstOrThrow findMany createMany createManyAndReturn updateMany updateManyAndReturn upsert deleteMany groupBy aggregate',
)
const prismaAny = set('create update delete count')
const drizzleNext: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['select', set('from')],
  ['selectDistinct', set('from')],
  ['selectDistinctOn', set('from')],
  ['insert', set('values select')],
  ['update', set('set')],
  ['delete', set('where returning')],
])
const kyselyStart = set('selectFrom insertInto replaceInto updateTable deleteFrom mergeInto selectNoFrom')
const kyselyEnd = set('execute executeTakeFirst executeTakeFirstOrThrow stream')
const knexVerbs = set(
  'select insert update del delete first pluck count countDistinct min max sum avg increment decrement truncate upsert where whereIn whereNull whereNotNull whereRaw join leftJoin orderBy',
)
const knexSchema = set(
  'createTable createTableIfNotExists alterTable table dropTable dropTableIfExists renameTable hasTable hasColumn raw createView dropView createSchema dropSchema createSchemaIfNotExists dropSchemaIfExists',
)
const sequelizeOwn = set('findAll findByPk findOrCreate findAndCountAll findOrBuild findCreateFind bulkCreate')
const sequelizeAny = set('findOne create update destroy count upsert increment decrement restore max min sum truncate')
const typeormOwn = set(
  'findOneBy findOneByOrFail findAndCount findAndCountBy softDelete softRemove findOneOrFail existsBy countBy',
)
const typeormAny = set(
  'find findBy findOne save insert update upsert delete remove count exists exist increment decrement clear recover restore',
)
const typeormEnd = set(
  'getMany getOne getOneOrFail getManyAndCount getRawMany getRawOne getRawAndEntities getCount getExists execute stream',
)
const mikroOwn = set(
  'nativeInsert nativeUpdate nativeDelete persistAndFlush removeAndFlush findOneOrFail findAndCount insertMany upsertMany findByCursor',
)
const mikroAny = set('find findOne findAll flush count insert upsert refresh populate')
const bossAny = set(
  'send insert fetch complete fail cancel resume schedule unschedule work publish deleteJob getQueueSize createQueue',
)

const shapes: readonly Shape[] = [
  {
    driver: 'prisma',
    packages: /^(?:@prisma\/client|prisma)$/,
    mayHold: (source) =>
      /\bfind(?:Unique|First|Many)|\b(?:create|update|delete)Many|\.(?:upsert|groupBy|aggregate)\b|\.\s*(?:create|update|delete|count)\s*\(\s*\{/.test(
        source,
      ),
    find: ({ links }, known) => {
      const last = links.at(-1)
      if (!last?.call) return undefined
      if (last.name === '$transaction' && known) return last.name
      const hasModel = links.length >= 2 && links.at(-2)?.call === undefined
      if (!hasModel) return undefined
      if (prismaOwn.has(last.name)) return last.name
      return prismaAny.has(last.name) && (known || hasKey(last.call, ['where', 'data'])) ? last.name : undefined
    },
  },
  {
    driver: 'drizzle',
    packages: /^drizzle-orm(?:\/|$)/,
    mayHold: (source) =>
      /\bfind(?:Many|First)\b/.test(source) ||
      (/\.select(?:Distinct(?:On)?)?\s*(?:<[^(]*>)?\(/.test(source) && /\.from\s*\(/.test(source)) ||
      (/\.insert\s*\(/.test(source) && /\.(?:values|select)\s*\(/.test(source)) ||
      (/\.update\s*\(/.test(source) && /\.set\s*\(/.test(source)) ||
      (/\.delete\s*\(/.test(source) && /\.(?:where|returning)\s*\(/.test(source)),
    find: ({ links, root }, known) => {
      const query = links.findIndex(({ name, call }) => name === 'query' && !call)
      const ending = links.at(-1)
      if (query >= 0 && query < 2 && ending?.call && /^find(?:Many|First)$/.test(ending.name)) return ending.name
      const start = links.findIndex(({ name, call }) => call !== undefined && drizzleNext.has(name))
      const { name = '' } = links[start] ?? {}
      const isLocal = root.type === 'Identifier' || root.type === 'ThisExpression'
      if (start < 0 || start > 2 || !isLocal) return known && ending?.name === '$count' ? '$count' : undefined
      if (known && start === 0) return name
      return links.slice(start + 1).some((link) => drizzleNext.get(name)?.has(link.name)) ? name : undefined
    },
  },
  {
    driver: 'kysely',
    packages: /^kysely$/,
    mayHold: (source) =>
      /\.execute|\.stream\b/.test(source) &&
      /(?:select|delete)From|(?:insert|replace|merge)Into|updateTable|selectNoFrom|\bschema\b/.test(source),
    find: ({ links }) => {
      if (!kyselyEnd.has(links.at(-1)?.name ?? '')) return undefined
      return links.find(
        ({ call, name }, index) => call && (kyselyStart.has(name) || links[index - 1]?.name === 'schema'),
      )?.name
    },
  },
  {
    driver: 'knex',
    packages: /^(?:knex|objection|@mikro-orm\/knex)$/,
    mayHold: (source) =>
      /\bschema\b|\.(?:from|into|table)\s*\(\s*['"]|\)\s*\.\s*(?:select|insert|update|upsert|del|delete|first|pluck|count|countDistinct|min|max|sum|avg|increment|decrement|truncate|where\w*|join|leftJoin|orderBy)\s*(?:<[^(]*>)?\(/.test(
        source,
      ),
    find: ({ links, isCalled, root }, known) => {
      const schema = links.findIndex(({ call, name }) => name === 'schema' && !call)
      const made = links[schema + 1]
      if (schema >= 0 && made && knexSchema.has(made.name)) return made.name
      const verb = links.find(({ call, name }) => call && knexVerbs.has(name))?.name
      if (isCalled) return known || (root.type === 'Identifier' && verb) ? (verb ?? 'select') : undefined
      const hasTable = links.some(({ call, name }) => call && /^(?:from|into|table)$/.test(name) && hasText(call))
      return hasTable && (known || verb) ? (verb ?? 'select') : undefined
    },
  },
  {
    driver: 'sequelize',
    packages: /^(?:sequelize|sequelize-typescript|@sequelize\/core)$/,
    mayHold: (source) =>
      /\bfind(?:All|ByPk|Or(?:Create|Build)|AndCountAll|CreateFind)|\bbulkCreate\b/.test(source) ||
      (/\.(?:findOne|create|update|destroy|count|upsert|increment|decrement|restore|max|min|sum|truncate)\s*(?:<[^(]*>)?\(/.test(
        source,
      ) &&
        /\b(?:where|transaction)\b/.test(source)),
    find: ({ links, root }, known) => {
      const call = links.find((link) => link.call && (sequelizeOwn.has(link.name) || sequelizeAny.has(link.name)))
      if (!call?.call) return undefined
      const isModel = /^[A-Z]/.test(nameOf(root) ?? '') || links.some(({ name }) => /^[A-Z]\w+$/.test(name))
      if (sequelizeOwn.has(call.name)) return isModel || known ? call.name : undefined
      return isModel && hasKey(call.call, ['where', 'transaction']) ? call.name : undefined
    },
  },
  {
    driver: 'typeorm',
    packages: /^(?:typeorm|@nestjs\/typeorm)$/,
    mayHold: (source) =>
      /createQueryBuilder|find(?:OneBy|AndCount|OneOrFail)|soft(?:Delete|Remove)|(?:exists|count)By\b/.test(source),
    find: ({ links }, known) => {
      const last = links.at(-1)
      if (!last?.call) return undefined
      if (links.some(({ name }) => name === 'createQueryBuilder') && typeormEnd.has(last.name)) return last.name
      return typeormOwn.has(last.name) || (known && typeormAny.has(last.name)) ? last.name : undefined
    },
  },
  {
    driver: 'mikro-orm',
    packages: /^@mikro-orm\//,
    mayHold: (source) =>
      /native(?:Insert|Update|Delete)|(?:persist|remove)AndFlush|find(?:OneOrFail|AndCount|ByCursor)|(?:insert|upsert)Many/.test(
        source,
      ),
    find: ({ links }, known) => {
      const last = links.at(-1)
      return last?.call && (mikroOwn.has(last.name) || (known && mikroAny.has(last.name))) ? last.name : undefined
    },
  },
  {
    driver: 'pg-boss',
    packages: /^pg-boss$/,
    mayHold: () => false,
    find: ({ links }, known) => {
      const last = links.at(-1)
      return known && last?.call && bossAny.has(last.name) ? last.name : undefined
    },
  },
]

const shapesByDependencies = new WeakMap<ReadonlySet<string>, readonly Shape[]>()

/** Whether a text can hold a call of a builder or an ORM that is among the dependencies of its package. */
export function mayBuild(source: string, dependencies: ReadonlySet<string>): boolean {
  let possible = shapesByDependencies.get(dependencies)
  if (!possible) {
    possible = shapesOf([...dependencies])
    shapesByDependencies.set(dependencies, possible)
  }
  return possible.some((shape) => shape.mayHold(source))
}

function shapesOf(packages: readonly string[]): readonly Shape[] {
  return shapes.filter((shape) => packages.some((name) => shape.packages.test(name)))
}

/** What is asked about a file once. */
export interface BuilderFacts {
  readonly names: Names
  readonly receivers: Receivers
  readonly sql: StaticSql
  readonly host: Host
  readonly imports: ReadonlySet<string>
}

/** Every statement that a query builder or an ORM writes. What runs SQL text is no part of it. */
export function builderOperations(
  calls: readonly Node[],
  isText: (node: Node) => boolean,
  facts: BuilderFacts,
): readonly BuilderOperation[] {
  const possible = shapesOf([...facts.imports, ...(facts.host.dependencies ?? [])])
  const found: BuilderOperation[] = []
  for (const node of calls) {
    if (node.type !== 'CallExpression' || continues(node) || isText(node)) continue
    const chain = chainOf(node)
    const receiver = chain && (facts.receivers.of(chain.root) ?? fieldOf(chain, facts))
    if (!chain || receiver?.driver === 'foreign' || receiver?.driver === 'pooler-safe') continue
    for (const shape of receiver && receiver.driver !== 'unknown' ? shapes : possible) {
      const known = receiver?.driver === shape.driver
      if (receiver && receiver.driver !== 'unknown' && !known) continue
      const method = shape.find(chain, known)
      if (method === undefined) continue
      found.push({ node, method, driver: shape.driver, role: receiver?.role, verdict: verdictOf(chain, facts) })
      break
    }
  }
  return found
}

/** `this.repository.find()`, `db.pool.select()`: the object that the first links lead to. */
function fieldOf({ links, node }: Chain, { receivers }: BuilderFacts) {
  if (links.length < 2) return undefined
  let inner = unwrapAwait(node)
  for (;;) {
    if (inner.type === 'CallExpression' && inner.callee) inner = unwrapAwait(inner.callee)
    else if (inner.type === 'MemberExpression' && inner.object) {
      inner = unwrapAwait(inner.object)
      const receiver = inner.type === 'ThisExpression' ? undefined : receivers.of(inner)
      if (receiver) return receiver
    } else return undefined
  }
}

/** Whether a call is followed by another one of its chain. */
function continues(node: Node): boolean {
  const parent = parentOf(node)
  if (parent?.type !== 'MemberExpression' || !parent.object || unwrap(parent.object) !== node) return false
  const call = parentOf(parent)
  // `.then()` and `.catch()` are about the answer.
  return call?.type === 'CallExpression' && !/^(?:then|catch|finally)$/.test(propertyName(parent) ?? '')
}

function chainOf(node: Node): Chain | undefined {
  const links: { name: string; call: Node | undefined }[] = []
  let current = unwrapAwait(node)
  let call: Node | undefined
  for (;;) {
    if (current.type === 'CallExpression' && current.callee) {
      if (call) return undefined
      call = current
      current = unwrapAwait(current.callee)
    } else if (current.type === 'MemberExpression' && current.object) {
      links.unshift({ name: propertyName(current) ?? '', call })
      call = undefined
      current = unwrapAwait(current.object)
    } else break
  }
  return { node, links, root: current, isCalled: call !== undefined && links.length > 0 }
}

function hasKey(call: Node, names: readonly string[]): boolean {
  return (call.arguments ?? []).some(
    (argument) =>
      argument.type === 'ObjectExpression' &&
      (argument.properties ?? []).some((property) => names.includes(propertyName(property) ?? '')),
  )
}

function hasText(call: Node): boolean {
  const [first] = call.arguments ?? []
  return first?.type === 'Literal' && typeof first.value === 'string'
}

const rowLock = /^(?:for|forUpdate|forShare|forNoKeyUpdate|forKeyShare|setLock)$/

function verdictOf(chain: Chain, { sql }: BuilderFacts): BuilderOperation['verdict'] {
  const isLocked = chain.links.some(
    ({ call, name }) => call && ((rowLock.test(name) && (name !== 'for' || hasText(call))) || hasKey(call, ['lock'])),
  )
  if (isLocked) return 'tx'
  return splicesUnknown(chain.node, sql) ? 'unknown' : 'safe'
}

const splicing = /^(?:raw|unsafe|literal|(?:where|having|orderBy|join|from|groupBy)Raw)$/

/** `whereRaw(condition)`, `sql.raw(text)`: text from elsewhere. */
function splicesUnknown(chain: Node, sql: StaticSql): boolean {
  const texts: Node[] = []
  walk(chain, ({ arguments: given, callee, type }) => {
    const inner = type === 'CallExpression' && callee ? unwrap(callee) : undefined
    const name = inner?.type === 'MemberExpression' ? (propertyName(inner) ?? '') : ''
    const [text] = given ?? []
    if (text && splicing.test(name)) texts.push(text)
  })
  return texts.some((text) => sql.textsOf(text).every((pieces) => pieces.every((piece) => 'hole' in piece)))
}
