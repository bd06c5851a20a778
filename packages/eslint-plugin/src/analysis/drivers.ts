/** The libraries whose calls the analysis knows. `pooler-safe` stands for every module that the settings call a wrapper. */
export type Driver =
  | 'pg'
  | 'postgres.js'
  | 'pg-promise'
  | 'knex'
  | 'drizzle'
  | 'kysely'
  | 'sequelize'
  | 'typeorm'
  | 'mikro-orm'
  | 'prisma'
  | 'slonik'
  | 'neon-http'
  | 'pg-boss'
  | 'node-pg-migrate'
  | 'pooler-safe'
  | 'foreign'
  | 'unknown'

/**
 * What a value does with a statement.
 *
 * - `pool`: runs each one on any client connection.
 * - `client`: has one client connection to itself.
 * - `transaction`: is inside an open transaction that somebody else ends.
 * - `either`: may be a pool or a transaction (a parameter whose type allows both).
 * - `direct`: goes past the pooler, for a stated reason.
 */
export type Role = 'pool' | 'client' | 'transaction' | 'either' | 'direct'

/** What a name that a module exports is. */
export interface Exported {
  readonly driver: Driver
  readonly role: Role
  /** `class`: `new X` and the type `X`. `factory`: `x(…)`. `tag`: a template tag and its helpers. */
  readonly as: 'class' | 'factory' | 'type' | 'tag' | 'value'
}

type Table = Readonly<Record<string, Readonly<Record<string, Exported>>>>

function exported(driver: Driver, role: Role, as: Exported['as'], names: string): Record<string, Exported> {
  return Object.fromEntries(names.split(' ').map((name) => [name, { driver, role, as }]))
}

const pgLike = {
  ...exported('pg', 'pool', 'class', 'Pool BoundPool'),
  ...exported('pg', 'client', 'class', 'Client PoolClient ClientBase'),
  ...exported('pg', 'client', 'type', 'VercelPoolClient VercelClient'),
}

const drizzle = {
  ...exported('drizzle', 'pool', 'factory', 'drizzle'),
  ...exported(
    'drizzle',
    'either',
    'type',
    'NodePgDatabase PostgresJsDatabase PgDatabase NeonDatabase VercelPgDatabase',
  ),
  ...exported(
    'drizzle',
    'transaction',
    'type',
    'NodePgTransaction PostgresJsTransaction PgTransaction NeonTransaction',
  ),
  ...exported('drizzle', 'either', 'type', 'PgAsyncDatabase'),
}

const typeorm = {
  ...exported('typeorm', 'pool', 'class', 'DataSource Connection'),
  ...exported('typeorm', 'client', 'type', 'QueryRunner'),
  ...exported('typeorm', 'either', 'type', 'EntityManager Repository'),
  ...exported('typeorm', 'pool', 'factory', 'getConnection createConnection getManager getRepository'),
}

const sequelize = {
  ...exported('sequelize', 'pool', 'class', 'Sequelize'),
  ...exported('sequelize', 'pool', 'type', 'QueryInterface'),
}

const mikro = {
  ...exported(
    'mikro-orm',
    'either',
    'type',
    'EntityManager SqlEntityManager AbstractSqlConnection PostgreSqlConnection',
  ),
  ...exported('mikro-orm', 'pool', 'class', 'MikroORM'),
  ...exported('knex', 'pool', 'factory', 'knex'),
  ...exported('knex', 'either', 'type', 'Knex'),
  ...exported('knex', 'transaction', 'type', 'Knex.Transaction'),
}

const slonik = {
  ...exported('slonik', 'pool', 'factory', 'createPool'),
  ...exported('slonik', 'pool', 'type', 'DatabasePool DatabasePoolType'),
  ...exported('slonik', 'client', 'type', 'DatabasePoolConnection'),
  ...exported('slonik', 'transaction', 'type', 'DatabaseTransactionConnection'),
  ...exported('slonik', 'either', 'type', 'CommonQueryMethods DatabaseConnection'),
  ...exported('slonik', 'pool', 'tag', 'sql createSqlTag'),
}

const wrapper = {
  ...exported('pooler-safe', 'pool', 'class', 'SafePool Pool'),
  ...exported('pooler-safe', 'client', 'class', 'SafeClient Client PoolClient'),
  ...exported('pooler-safe', 'pool', 'factory', 'createDatabase'),
  ...exported('pooler-safe', 'pool', 'type', 'Database'),
  ...exported('pooler-safe', 'either', 'type', 'Session'),
  ...exported('pooler-safe', 'transaction', 'type', 'Transaction'),
}

/** What the modules export that executes SQL. `default` and `*` are what the module itself is. */
export const modules: Table = {
  pg: pgLike,
  'pg-native': { default: { driver: 'pg', role: 'client', as: 'class' } },
  'pg-pool': { ...pgLike, default: { driver: 'pg', role: 'pool', as: 'class' } },
  '@neondatabase/serverless': { ...pgLike, ...exported('neon-http', 'pool', 'factory', 'neon') },
  '@vercel/postgres': {
    ...pgLike,
    ...exported('pg', 'pool', 'value', 'sql db'),
    ...exported('pg', 'pool', 'factory', 'createPool'),
    ...exported('pg', 'client', 'factory', 'createClient'),
  },
  postgres: {
    default: { driver: 'postgres.js', role: 'pool', as: 'factory' },
    ...exported('postgres.js', 'either', 'type', 'Sql ISql'),
    ...exported('postgres.js', 'transaction', 'type', 'TransactionSql'),
    ...exported('postgres.js', 'client', 'type', 'ReservedSql'),
  },
  'pg-promise': {
    ...exported('pg-promise', 'pool', 'type', 'IDatabase IMain'),
    ...exported('pg-promise', 'either', 'type', 'IBaseProtocol'),
    ...exported('pg-promise', 'client', 'type', 'ITask IConnected'),
  },
  knex: {
    default: { driver: 'knex', role: 'pool', as: 'factory' },
    knex: { driver: 'knex', role: 'pool', as: 'factory' },
    Knex: { driver: 'knex', role: 'either', as: 'type' },
    'Knex.Transaction': { driver: 'knex', role: 'transaction', as: 'type' },
  },
  'drizzle-orm/node-postgres': drizzle,
  'drizzle-orm/postgres-js': drizzle,
  'drizzle-orm/neon-serverless': drizzle,
  'drizzle-orm/neon-http': drizzle,
  'drizzle-orm/vercel-postgres': drizzle,
  'drizzle-orm/pg-core': drizzle,
  'drizzle-orm': exported('drizzle', 'pool', 'tag', 'sql'),
  kysely: {
    ...exported('kysely', 'pool', 'class', 'Kysely'),
    ...exported('kysely', 'transaction', 'class', 'Transaction ControlledTransaction'),
    ...exported('kysely', 'either', 'type', 'QueryCreator QueryExecutorProvider'),
    ...exported('kysely', 'pool', 'tag', 'sql'),
  },
  sequelize,
  'sequelize-typescript': sequelize,
  '@sequelize/core': sequelize,
  typeorm,
  'typeorm/driver/postgres/PostgresQueryRunner': exported('typeorm', 'client', 'class', 'PostgresQueryRunner'),
  '@mikro-orm/core': mikro,
  '@mikro-orm/postgresql': mikro,
  '@mikro-orm/knex': mikro,
  '@mikro-orm/sql': mikro,
  '@prisma/client': {
    ...exported('prisma', 'pool', 'class', 'PrismaClient'),
    'Prisma.TransactionClient': { driver: 'prisma', role: 'transaction', as: 'type' },
    Prisma: { driver: 'prisma', role: 'pool', as: 'tag' },
  },
  slonik,
  'pg-boss': {
    default: { driver: 'pg-boss', role: 'pool', as: 'class' },
    PgBoss: { driver: 'pg-boss', role: 'pool', as: 'class' },
    IDatabase: { driver: 'pg-boss', role: 'either', as: 'type' },
    Db: { driver: 'pg-boss', role: 'either', as: 'type' },
  },
  'node-pg-migrate': {
    MigrationBuilder: { driver: 'node-pg-migrate', role: 'either', as: 'type' },
  },
  'pooler-safe': wrapper,
  'pooler-safe/pg': wrapper,
}

/** Modules that talk to PostgreSQL and nothing else. */
const postgresOnly =
  /^(?:pg|pg-(?:native|pool|promise|cursor|query-stream|copy-streams|boss|listen|format)|postgres|slonik|@neondatabase\/serverless|@vercel\/postgres|@mikro-orm\/postgresql|@prisma\/adapter-(?:pg|neon)|drizzle-orm\/(?:pg-core|node-postgres|postgres-js|neon-serverless|neon-http|vercel-postgres)|node-pg-migrate|graphile-worker|db-migrate-pg|postgraphile|@slonik\/.*|kysely-postgres-js|typeorm\/driver\/postgres\/.*|pooler-safe(?:\/.*)?)$/

/** Modules of other databases, and of PostgreSQL built into the process, which no pooler stands in front of. */
const foreign =
  /^(?:mysql2?(?:\/promise)?|promise-mysql|mariadb(?:\/.*)?|better-sqlite3|sqlite3?|node:sqlite|bun:sqlite|sql\.js|wa-sqlite|@sqlite\.org\/.*|expo-sqlite(?:\/.*)?|@op-engineering\/.*|react-native-.*sqlite.*|@libsql\/.*|@tursodatabase\/.*|tedious|mssql(?:\/.*)?|oracledb|mongodb|mongoose|redis|ioredis|@redis\/.*|@electric-sql\/pglite(?:\/.*)?|@electric-sql\/pglite.*|pg-mem|cassandra-driver|neo4j-driver|@clickhouse\/.*|duckdb(?:-async)?|@duckdb\/.*|snowflake-sdk|@google-cloud\/(?:spanner|bigquery).*|@planetscale\/database|drizzle-orm\/(?:mysql.*|sqlite.*|better-sqlite3|libsql|d1|bun-sqlite|planetscale.*|pglite|singlestore.*|expo-sqlite|op-sqlite|durable-sqlite|tidb.*|sql-js|gel.*)|kysely-.*(?:sqlite|d1|planetscale|pglite).*|@mikro-orm\/(?:mysql|mariadb|sqlite|better-sqlite|libsql|mssql|mongodb)|@prisma\/adapter-(?:better-sqlite3|libsql|d1|mariadb|mssql|planetscale)|@cloudflare\/.*|@apollo\/.*|@tanstack\/.*query.*|react-query)$/

/** Modules of the former that have nothing to do with SQL. */
const notSql = /redis|mongo|neo4j|cassandra|@cloudflare|@apollo|tanstack|react-query/

/** Whether a module belongs to another SQL database than PostgreSQL. */
export function isForeignSql(module: string): boolean {
  return foreign.test(module) && !notSql.test(module)
}

/** Libraries over several databases. */
const several =
  /^(?:knex|sequelize|@sequelize\/core|sequelize-typescript|typeorm|kysely|drizzle-orm|@mikro-orm\/(?:core|knex|sql)|@prisma\/client)$/

/** The first words of the modules that run SQL on PostgreSQL, or may. */
export const driverModule =
  /pg|pg-[\w-]+|postgres|postgraphile|slonik|@slonik|@neondatabase|@vercel\/postgres|@mikro-orm|@prisma|drizzle-orm|node-pg-migrate|graphile-worker|db-migrate-pg|kysely[\w-]*|knex|sequelize|@sequelize|sequelize-typescript|typeorm|[^'"`\n]*@prisma\/client/

/** Which database a module belongs to. */
export function engineOf(module: string): 'postgres' | 'foreign' | 'several' | undefined {
  if (postgresOnly.test(module)) return 'postgres'
  if (foreign.test(module)) return 'foreign'
  return several.test(module) ? 'several' : undefined
}

/** Methods that run the SQL they are given, by driver. The text is the first argument. */
const methodsByDriver: Readonly<Partial<Record<Driver, string>>> = {
  pg: 'query queryArray queryObject querySync prepare',
  'postgres.js': 'unsafe',
  'pg-promise': 'query none one oneOrNone many manyOrNone any result multi multiResult map each stream func proc',
  knex: 'raw query',
  drizzle: 'execute',
  kysely: 'executeQuery',
  sequelize: 'query queryRaw',
  typeorm: 'query',
  'mikro-orm': 'execute executeDump raw',
  prisma: '$queryRaw $executeRaw $queryRawUnsafe $executeRawUnsafe $queryRawTyped',
  slonik: 'query any anyFirst many manyFirst maybeOne maybeOneFirst one oneFirst exists stream',
  'neon-http': 'query unsafe',
  'pg-boss': 'executeSql',
  'node-pg-migrate': 'sql',
  'pooler-safe': 'query executeSql execute batch executeMany stream unsafe raw',
}

const methodSets = new Map(
  Object.entries(methodsByDriver).map(([driver, names]) => [driver, new Set(names.split(' '))]),
)

/** Methods that run SQL whatever they belong to, when their argument is SQL. */
const anyMethods = new Set(
  (
    'query execute exec raw unsafe executeSql execSql runSql executeQuery executeRaw queryRaw rawQuery runQuery ' +
    'executeQueryRaw $queryRaw $executeRaw $queryRawUnsafe $executeRawUnsafe sql addSql ' +
    'none one oneOrNone many manyOrNone any result multi maybeOne anyFirst oneFirst manyFirst maybeOneFirst'
  ).split(' '),
)

/** Functions without an object that run SQL, when their argument is SQL. */
export const anyFunctions = new Set(
  'query execute executeSql runSql runQuery rawQuery executeQuery sqlQuery'.split(' '),
)

/** Whether a method of a driver runs the SQL it is given. */
export function executes(driver: Driver, method: string): boolean {
  if (driver === 'unknown' || driver === 'pooler-safe') return anyMethods.has(method)
  return methodSets.get(driver)?.has(method) === true
}

/** Whether some driver has a method of this name that runs SQL. */
export function mayExecute(method: string): boolean {
  if (anyMethods.has(method)) return true
  for (const methods of methodSets.values()) if (methods.has(method)) return true
  return false
}

/** Methods that run a callback inside a transaction, and hand it what runs there. */
export const transactionMethods = new Set(
  'transaction begin $transaction tx txIf transactional savepoint withTransaction runInTransaction inTransaction'.split(
    ' ',
  ),
)

/** Methods that give a client connection of one's own, to a callback or as a result. */
export const checkoutMethods = new Set(
  'connect reserve task taskIf createQueryRunner acquireConnection acquireRawConnection getClient checkout withConnection'.split(
    ' ',
  ),
)

/** Methods and properties that give the same thing in another form. */
export const sameMethods = new Set(
  (
    'fork clear withSchema withPlugin withoutPlugins withTables $extends $extendTables $with extend withTypeParser ' +
    'getRepository getTreeRepository getConnection getKnex unsafeRaw bind'
  ).split(' '),
)
export const sameProperties = new Set('manager em connection dataSource schema sequelize $client'.split(' '))
