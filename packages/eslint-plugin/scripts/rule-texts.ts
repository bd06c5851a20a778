import type { RuleName } from '../src/analysis/finding.ts'

/** What the page of a rule says beyond what the rule and the catalogue say themselves. */
export interface RuleText {
  /** What goes wrong, in a sentence or two. */
  readonly problem: string
  /** Code that is reported; a test sees to it. */
  readonly bad: readonly string[]
  /** Code that is not. */
  readonly good: readonly string[]
  readonly exceptions?: string
}

const pool = `import { Pool } from 'pg'
const pool = new Pool()
pool.on('error', report)`

const safe = `import { createDatabase } from 'pooler-safe'
const db = createDatabase({ url: process.env.DATABASE_URL })`

const direct = `The place may really run past the pooler. Make the client connection from \`DIRECT_URL\` (or a name in \`settings['pooler-safe'].sessionMode.urlEnv\`), name the files in \`sessionMode.files\`, or say so where it happens: \`// pooler-safe: session-mode because …\`.`

export const ruleTexts: Readonly<Record<RuleName, RuleText>> = {
  'no-client-only-timeout': {
    problem:
      '`query_timeout` ends the waiting, not the statement: the server goes on, holds its locks and may still commit, and the next query of that client connection waits behind it.',
    bad: [`import { Pool } from 'pg'\nexport const makePool = () => new Pool({ query_timeout: 5_000 })`],
    good: [`${safe}\nawait db.query('select 1', [], { timeoutMs: 5_000 })`],
    exceptions: 'None is reported where `statement_timeout` limits the statement on the server, too.',
  },
  'no-connect-hook-state': {
    problem:
      'A hook runs once for each client connection to the pooler, and sets state on whichever backend that one transaction got. The statements that rely on it run elsewhere, and strangers get it.',
    bad: [
      `${pool}\npool.on('connect', (client) => client.query('set search_path to app'))`,
      `import knex from 'knex'\nexport const db = knex({ client: 'pg', searchPath: ['app'] })`,
    ],
    good: [
      `${safe}\nawait db.transaction(async (tx) => {\n  await tx.query('set local search_path to app')\n  await tx.query('select * from job')\n})`,
    ],
    exceptions: direct,
  },
  'no-hazard-in-body': {
    problem:
      'A `do` block or a function changes session state where the text of the call does not show it, and no pooler sees it either.',
    bad: [`${pool}\nawait pool.query("do $$ begin perform pg_advisory_lock(1); end $$")`],
    good: [`${pool}\nawait pool.query("do $$ begin perform pg_advisory_xact_lock(1); end $$")`],
    exceptions:
      'With `{ dynamic: true }` SQL whose command only the run time knows (`execute command`) is reported, too; `strict` does that. Texts that begin with a known command (`execute format(…)`, joined constants, variables that are given them) are judged by it. A body that commits fails inside of any transaction, pooler or not, and is left alone.',
  },
  'no-idle-in-tx': {
    problem:
      'While a transaction waits for the network it keeps a backend that many clients share. A slow answer from elsewhere empties the pool.',
    bad: [
      `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\nawait db.transaction(async (tx) => {\n  const page = await fetch(address)\n  await tx.insert(pages).values({ body: await page.text() })\n})`,
    ],
    good: [
      `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\nconst page = await fetch(address)\nconst body = await page.text()\nawait db.transaction(async (tx) => {\n  await tx.insert(pages).values({ body })\n})`,
    ],
    exceptions: 'Only waiting that the file shows is reported: `fetch`, HTTP clients and SDKs by their import, timers.',
  },
  'no-listen': {
    problem: 'A subscription belongs to a backend that the client no longer has once the statement is done.',
    bad: [
      `${pool}\nconst client = await pool.connect()\nawait client.query('listen job_done')`,
      `import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false })\nawait sql.listen('job_done', onJob)`,
    ],
    good: [
      `${pool}\nawait pool.query("select pg_notify('job_done', $1)", [id])`,
      `import postgres from 'postgres'\nconst sql = postgres(process.env.DIRECT_URL)\nawait sql.listen('job_done', onJob)`,
    ],
    exceptions: direct,
  },
  'no-named-statement': {
    problem: 'A prepared statement exists on the backend that parsed it, and the next one does not know its name.',
    bad: [
      `${pool}\nawait pool.query({ name: 'get_user', text: 'select * from users where id = $1', values: [id] })`,
      `import postgres from 'postgres'\nconst sql = postgres(url)`,
      `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\nconst byId = db.select().from(users).where(condition).prepare('by_id')`,
    ],
    good: [
      `${pool}\nawait pool.query({ text: 'select * from users where id = $1', values: [id] })`,
      `import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false })`,
    ],
    exceptions:
      'A literal `name` is taken away by `--fix`, and postgres.js gets `prepare: false`: an unnamed statement does the same. PgBouncer from 1.21 on tracks names in the protocol when `max_prepared_statements` is above 0; SQL `PREPARE` it does not.',
  },
  'no-parallel-in-tx': {
    problem:
      'One client connection runs one statement at a time. Those started together queue, and when one fails the others fail with 25P02, some of them after the transaction has ended.',
    bad: [
      `${pool}\nconst client = await pool.connect()\nawait client.query('begin')\nawait Promise.all([client.query('select 1'), client.query('select 2')])`,
    ],
    good: [
      `${pool}\nawait Promise.all([pool.query('select 1'), pool.query('select 2')])`,
      `${safe}\nawait db.transaction(async (tx) => {\n  await Promise.all([tx.query('select 1'), tx.query('select 2')])\n})`,
    ],
    exceptions:
      'Drivers that put such statements in order themselves (postgres.js, Slonik, `pooler-safe`) are left alone, and so is a client connection on which no transaction is open.',
  },
  'no-pool-transaction': {
    problem: 'Each query of a pool may take another client connection, so BEGIN and COMMIT need not meet.',
    bad: [
      `${pool}\nawait pool.query('begin')\nawait pool.query('update account set balance = 0')\nawait pool.query('commit')`,
    ],
    good: [
      `${pool}\nconst client = await pool.connect()\ntry {\n  await client.query('begin')\n  await client.query('update account set balance = 0')\n  await client.query('commit')\n} finally {\n  client.release()\n}`,
      `${safe}\nawait db.transaction(async (tx) => {\n  await tx.query('update account set balance = 0')\n})`,
    ],
    exceptions: 'One text that opens and closes its own transaction (`begin; …; commit`) is one unit.',
  },
  'no-query-outside-tx': {
    problem:
      'Inside the callback of a transaction the outer handle takes another client connection: the statement is not part of the transaction, has none of its settings, and with a full pool waits for itself.',
    bad: [
      `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\nawait db.transaction(async (tx) => {\n  await tx.insert(jobs).values(job)\n  await db.insert(events).values(event)\n})`,
    ],
    good: [
      `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\nawait db.transaction(async (tx) => {\n  await tx.insert(jobs).values(job)\n  await tx.insert(events).values(event)\n})`,
    ],
    exceptions: 'Building a subquery on the outer handle is fine as long as it is not awaited.',
  },
  'no-raw-execute': {
    problem:
      'Once a code base has a safe session, a statement that goes past it is the one nobody checks: not its SQL, not its statement name, not what COMMIT answered.',
    bad: [
      `${pool}\nawait pool.query('select 1')`,
      `export async function getStatus(session, id) {\n  return session.execute('select status from job where id = $1', [id])\n}`,
    ],
    good: [
      `${safe}\nawait db.query('select 1')`,
      `import type { Session } from 'pooler-safe'\nexport async function getStatus(session: Session, id: string) {\n  return session.query('select status from job where id = $1', [id])\n}`,
    ],
    exceptions:
      "Silent until `settings['pooler-safe'].wrapper` names a module, or `pooler-safe` is among the dependencies of the nearest `package.json`. Files that the setting names may use the driver. Where objects come from files that the rule cannot follow (path aliases, containers), name them in `wrapper`, use types, or set `{ receivers: 'known' }` to hear only of drivers.",
  },
  'no-reset-in-finally': {
    problem:
      'After an error the transaction is aborted, so the statement that puts a setting back fails itself, with 25P02, and hides the error. It is not needed: what is local ends with the transaction.',
    bad: [
      `${safe}\nawait db.transaction(async (tx) => {\n  try {\n    await tx.query("select set_config('app.tenant', $1, true)", [tenant])\n    await work(tx)\n  } finally {\n    await tx.query("select set_config('app.tenant', '', true)")\n  }\n})`,
    ],
    good: [
      `${safe}\nawait db.transaction(async (tx) => {\n  await tx.query("select set_config('app.tenant', $1, true)", [tenant])\n  await work(tx)\n})`,
    ],
  },
  'no-session-lock': {
    problem: 'A session-level lock belongs to the backend, which goes to the next client with the lock still on it.',
    bad: [`${pool}\nawait pool.query('select pg_advisory_lock($1)', [key])`],
    good: [
      `${safe}\nawait db.transaction(async (tx) => {\n  await tx.query('select pg_advisory_xact_lock($1)', [key])\n  await work(tx)\n})`,
    ],
    exceptions: direct,
  },
  'no-session-object': {
    problem:
      'A temporary table outlives the transaction on its backend, and hides the real table of that name from strangers.',
    bad: [`${pool}\nawait pool.query('create temp table batch (id int)')`],
    good: [
      `${safe}\nawait db.transaction(async (tx) => {\n  await tx.query('create temp table batch (id int) on commit drop')\n})`,
    ],
    exceptions: direct,
  },
  'no-session-state': {
    problem:
      'What a statement sets for the session stays on a backend that the next transaction of somebody else gets.',
    bad: [
      `${pool}\nawait pool.query("set statement_timeout = '5s'")`,
      `${pool}\nawait pool.query("select set_config('app.tenant', $1, false)", [tenant])`,
    ],
    good: [
      `${safe}\nawait db.transaction(async (tx) => {\n  await tx.query("set local statement_timeout = '5s'")\n  await tx.query("select set_config('app.tenant', $1, true)", [tenant])\n})`,
    ],
    exceptions: direct,
  },
  'no-startup-parameters': {
    problem:
      'These options travel in the start-up message. PgBouncer refuses parameters that it does not know; Supavisor drops them, so that the limit you rely on does not exist.',
    bad: [`import { Pool } from 'pg'\nexport const makePool = () => new Pool({ statement_timeout: 5_000 })`],
    good: [`${safe}\nawait db.transaction(work, { statementTimeoutMs: 5_000 })`],
    exceptions: direct,
  },
  'no-unresolved-sql': {
    problem:
      'SQL that is put together where the file does not show it cannot be judged, by this plugin or by a reader.',
    bad: [`${pool}\nexport const run = (text) => pool.query(text)`],
    good: [`${pool}\nawait pool.query('select ' + columns + ' from job')`],
    exceptions: 'In `strict` only. `pooler-safe audit` counts such places as unknown.',
  },
  'no-unscoped-local': {
    problem:
      'Outside a transaction `set local`, a transaction-level lock or a cursor is over as soon as its own statement is, and nobody says so.',
    bad: [
      `${pool}\nawait pool.query("select set_config('app.tenant', $1, true)", [tenant])\nawait pool.query('select * from invoice')`,
      `${pool}\nawait pool.query('select id from job limit 1 for update skip locked')`,
    ],
    good: [
      `${safe}\nawait db.transaction(async (tx) => {\n  await tx.query("select set_config('app.tenant', $1, true)", [tenant])\n  await tx.query('select * from invoice')\n})`,
    ],
    exceptions:
      'A client that is a parameter may be in a transaction already: nothing is reported there. Several statements in one text without values are one implicit transaction.',
  },
  'require-commit-check': {
    problem:
      'COMMIT of a transaction in which a statement failed answers ROLLBACK, without an error. Whoever does not look at `command` takes lost writes for saved ones.',
    bad: [
      `${pool}\nasync function inTransaction(work) {\n  const client = await pool.connect()\n  await client.query('begin')\n  await work(client)\n  await client.query('commit')\n}`,
    ],
    good: [
      `${pool}\nconst client = await pool.connect()\nawait client.query('begin')\nconst { command } = await client.query('commit')\nif (command !== 'COMMIT') throw new Error('The transaction was rolled back.')`,
      `${safe}\nawait db.transaction(work)`,
    ],
    exceptions:
      'In `strict` only. Reported where a statement may fail without the COMMIT being left out: an error that is caught or not waited for on the way, a function that somebody else gave, a BEGIN that the file does not show. Code in which every error reaches the caller before COMMIT is right without the check.',
  },
  'require-directive': {
    problem:
      'An exception without a reason cannot be judged later, and one that allows nothing hides the next mistake.',
    bad: [`${pool}\n// pooler-safe: session-mode\nawait pool.query('listen job_done')`],
    good: [
      `${pool}\n// pooler-safe: session-mode because this pool is made from the direct URL\nawait pool.query('listen job_done')`,
    ],
    exceptions:
      'A directive covers the statement, class member or property that starts right after it, or on whose line it stands; the whole file when it comes first, with a blank line after it. `session-mode` allows what is about session state; `allow <rule>, <rule>` names rules.',
  },
  'require-pool-error-handler': {
    problem:
      'A pooler that restarts closes idle client connections. Each emits `error`, and without a handler Node ends the process.',
    bad: [`import { Pool } from 'pg'\nexport const pool = new Pool()`],
    good: [`import { Pool } from 'pg'\nexport const pool = new Pool()\npool.on('error', report)`],
    exceptions:
      'A pool that is returned, or handed to a function of yours, may get its handler there. One that is ended by the function that makes it, or at the end of a script, lives too briefly; and a test that loses its database fails as it should.',
  },
  'require-pooler-config': {
    problem:
      'Flags in a URL belong to one driver: another one ignores them, or sends them to the pooler, which refuses the connection.',
    bad: [
      `import postgres from 'postgres'\nconst sql = postgres('postgres://app@pooler:6543/app?pgbouncer=true', { prepare: false })`,
      `import { Client } from 'pg'\nconst client = new Client({ pipeline: true })`,
    ],
    good: [
      `import postgres from 'postgres'\nconst sql = postgres('postgres://app@pooler:6543/app', { prepare: false })`,
    ],
  },
}
