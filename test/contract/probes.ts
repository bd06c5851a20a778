import { cancelRequest } from '../../packages/testkit/src/wire/encode.ts'
import { parseTarget } from '../../packages/testkit/src/connection-target.ts'
import { RawClient, send } from '../../packages/testkit/test/raw-client.ts'
import { connect } from 'node:net'
import { ask, loginOutcome, occupy, onEveryBackend, outcome, tally, type Probe, type ProbeContext } from './probe.ts'

const hang = 1_500
const pidSql = 'select pg_backend_pid()'
const run = (name: string, values: readonly string[] = []): Buffer =>
  Buffer.concat([send.bind(values, name), send.execute(), send.sync()])
const parse = (name: string, sql: string): Buffer => Buffer.concat([send.parse(sql, name), send.sync()])

/** A client, and the backend that served its last statement. */
async function clientOn(
  context: ProbeContext,
  ...first: readonly Buffer[]
): Promise<{ client: RawClient; pid: string }> {
  const client = await context.connect()
  const pid = (await client.value(pidSql)) ?? ''
  if (first.length > 0) await client.ask(...first)
  return { client, pid }
}

const settings = {
  statement_timeout: '987s',
  search_path: 'left_behind',
  timezone: 'Asia/Tokyo',
  application_name: 'left_behind',
  default_transaction_read_only: 'on',
  'myapp.tenant': 'left_behind',
}
const settingNames = Object.keys(settings)
const readSettings = `select ${settingNames.map((name) => `coalesce(current_setting('${name}', true), '')`).join(` || '|' || `)}`

async function settingsSeen(client: RawClient): Promise<string[]> {
  const values = ((await client.value(readSettings)) ?? '').split('|')
  const wanted = { ...settings, statement_timeout: '987s' }
  return settingNames.filter((name, index) => {
    const value = values[index]
    return value === wanted[name as keyof typeof wanted] || (name === 'statement_timeout' && value === '16min27s')
  })
}

const startup = (name: string, asks: string, parameters: Record<string, string>, setting: string): Probe => ({
  name,
  asks,
  async run(context) {
    const client = await loginOutcome(context.connect(parameters))
    if (typeof client === 'string') return `refused: ${client}`
    return `accepted, reads back "${(await client.value(`select current_setting('${setting}')`)) ?? ''}"`
  },
})

export const probes: readonly Probe[] = [
  {
    name: 'named statement, next transaction elsewhere',
    asks: 'A parses a named statement; its backend is taken; A binds the name.',
    async run(context) {
      const { client, pid } = await clientOn(context, parse('mine', `select 'A'`))
      await occupy(context, pid)
      return ask(client, run('mine'))
    },
  },
  {
    name: 'same statement name, other client',
    asks: 'A parses a name; B parses the same name with other SQL on every backend.',
    async run(context) {
      await clientOn(context, parse('same', `select 'A'`))
      const other = Buffer.concat([send.parse(`select 'B'`, 'same'), run('same')])
      return tally(await onEveryBackend(context, (client) => ask(client, other)))
    },
  },
  {
    name: 'Bind of a name only another client parsed',
    asks: 'A parses a name; B binds it on every backend.',
    async run(context) {
      await clientOn(context, parse('theirs', `select 'of A'`))
      const seen = await onEveryBackend(context, async (client) => {
        const answer = client.ask(run('theirs'))
        const text = await outcome(client, answer)
        return text === 'ok' ? `runs the statement ${(await answer).rows[0]?.[0] ?? ''}` : text
      })
      return tally(seen)
    },
  },
  {
    name: 'unnamed statement across a Sync',
    asks: 'A parses the unnamed statement and syncs; B runs another one; A binds.',
    async run(context) {
      const a = await context.connect()
      const b = await context.connect()
      await a.ask(send.parse(`select 'own'`), send.describe('S'), send.sync())
      await b.ask(send.extended(`select 'of a stranger'`))
      const answer = a.ask(run(''))
      const text = await outcome(a, answer)
      return text === 'ok' ? `runs the statement ${(await answer).rows[0]?.[0] ?? ''}` : text
    },
  },
  {
    name: 'Parse, Describe, Flush, then Bind',
    asks: 'The describe round trip without Sync, as some drivers do.',
    async run(context) {
      const client = await context.connect()
      client.write(send.parse('select 7'), send.describe('S'), send.flush())
      await client.seen('T')
      return ask(client, run(''))
    },
  },
  {
    name: 'SQL PREPARE',
    asks: 'A runs PREPARE as a simple query.',
    run: async (context) => ask(await context.connect(), send.query('prepare p as select 1')),
  },
  {
    name: 'SQL EXECUTE by others',
    asks: 'After that, other clients EXECUTE it on every backend.',
    async run(context) {
      const { client } = await clientOn(context)
      await ask(client, send.query('prepare p as select 1'))
      return tally(await onEveryBackend(context, (other) => ask(other, send.query('execute p'))))
    },
  },
  {
    name: 'settings that reach strangers',
    asks: 'A sets six settings; which do clients on any backend see afterwards?',
    async run(context) {
      const { client } = await clientOn(context)
      for (const [name, value] of Object.entries(settings)) await client.ask(send.query(`set ${name} = '${value}'`))
      const seen = new Set((await onEveryBackend(context, settingsSeen)).flat())
      return settingNames.filter((name) => seen.has(name)).join(', ') || 'none'
    },
  },
  {
    name: 'settings that follow their client',
    asks: 'A sets six settings; its backend is taken; which does A still see?',
    async run(context) {
      const { client, pid } = await clientOn(context)
      for (const [name, value] of Object.entries(settings)) await client.ask(send.query(`set ${name} = '${value}'`))
      await occupy(context, pid)
      return (await settingsSeen(client)).join(', ') || 'none'
    },
  },
  {
    name: 'SET LOCAL',
    asks: 'A sets locally in a transaction; who sees it afterwards?',
    async run(context) {
      const { client } = await clientOn(context)
      await ask(client, send.query(`begin; set local statement_timeout = '987s'; commit`))
      return `${(await onEveryBackend(context, settingsSeen)).flat().length} backends`
    },
  },
  startup('start-up statement_timeout', 'Logging in with it.', { statement_timeout: '7777' }, 'statement_timeout'),
  {
    name: 'start-up statement_timeout, for later clients',
    asks: 'A logs in with one and runs something; what do clients without one find on that backend?',
    async run(context) {
      const client = await loginOutcome(context.connect({ statement_timeout: '7777' }))
      if (typeof client === 'string') return 'the login is refused'
      await client.value('select 1')
      const seen = await onEveryBackend(context, async (other) => (await other.value('show statement_timeout')) ?? '')
      return seen.find((value) => value !== '0') ?? '0'
    },
  },
  startup('start-up options', 'options=-c search_path=optx', { options: '-c search_path=optx' }, 'search_path'),
  startup('start-up search_path', 'Logging in with it.', { search_path: 'spx' }, 'search_path'),
  startup('start-up extra_float_digits', 'Logging in with it.', { extra_float_digits: '3' }, 'extra_float_digits'),
  startup('start-up application_name', 'Logging in with it.', { application_name: 'app_zz' }, 'application_name'),
  {
    name: 'application_name of a client that set none',
    asks: 'A logs in with one and runs something; what do clients without one find?',
    async run(context) {
      const client = await context.connect({ application_name: 'app_zz' })
      await client.value('select 1')
      const seen = await onEveryBackend(context, async (other) => (await other.value('show application_name')) ?? '')
      return seen.includes('app_zz') ? 'the one of A' : `"${seen[0] ?? ''}"`
    },
  },
  {
    name: 'LISTEN',
    asks: 'A listens; on how many backends do strangers find a channel?',
    async run(context) {
      const { client } = await clientOn(context)
      await ask(client, send.query('listen news'))
      const seen = await onEveryBackend(context, (other) => other.value('select count(*) from pg_listening_channels()'))
      return `${seen.filter((count) => count !== '0').length} of 2`
    },
  },
  {
    name: 'session advisory lock, unlock elsewhere',
    asks: 'A locks; its backend is taken; A unlocks.',
    async run(context) {
      const { client, pid } = await clientOn(context)
      await client.ask(send.query('select pg_advisory_lock(5)'))
      await occupy(context, pid)
      return `${(await client.value('select pg_advisory_unlock(5)')) ?? ''}, ${client.notices.at(-1)?.code ?? 'no notice'}`
    },
  },
  {
    name: 'session advisory lock, other client on that backend',
    asks: 'A locks; how many backends let a stranger in?',
    async run(context) {
      const { client } = await clientOn(context)
      await client.ask(send.query('select pg_advisory_lock(6)'))
      const got = await onEveryBackend(context, (other) => other.value('select pg_try_advisory_lock(6)'))
      return `${got.filter((value) => value === 't').length} of 2`
    },
  },
  {
    name: 'temporary table',
    asks: 'A makes one; on how many backends do strangers read it?',
    async run(context) {
      const { client } = await clientOn(context)
      await client.ask(send.query('create temp table left_behind (id int)'))
      return tally(await onEveryBackend(context, (other) => ask(other, send.query('select from left_behind'))))
    },
  },
  {
    name: 'WITH HOLD cursor',
    asks: 'A declares one; on how many backends do strangers fetch from it?',
    async run(context) {
      const { client } = await clientOn(context)
      await client.ask(send.query('declare left_behind cursor with hold for select 1'))
      return tally(await onEveryBackend(context, (other) => ask(other, send.query('fetch left_behind'))))
    },
  },
  {
    name: 'SET ROLE',
    asks: 'A sets a role; on how many backends do strangers run as that role?',
    async run(context) {
      const { client } = await clientOn(context)
      await client.ask(send.query('set role pg_monitor'))
      const roles = await onEveryBackend(context, (other) => other.value('select current_user'))
      return `${roles.filter((role) => role === 'pg_monitor').length} of 2`
    },
  },
  {
    name: 'two Syncs in flight',
    asks: 'Two requests in one write.',
    async run(context) {
      const client = await context.connect()
      client.write(send.extended('select 1'), send.extended('select 2'))
      const first = await outcome(client, client.answer())
      return `${first} / ${await outcome(client, client.answer())}`
    },
  },
  {
    name: 'cancel of an idle client',
    asks: 'A is idle, B runs a query on the backend that A had last; A cancels.',
    async run(context) {
      const { client, pid } = await clientOn(context)
      const victim = await occupy(context, pid)
      const sleeping = victim.ask(send.query('select pg_sleep(0.7)'))
      await cancel(context, client)
      return outcome(victim, sleeping)
    },
  },
  {
    name: 'client vanishes in a transaction',
    asks: 'Its socket is destroyed; what becomes of the backend?',
    async run(context) {
      const client = await context.connect()
      const pid = (await client.ask(send.query('begin')), await client.value(pidSql)) ?? ''
      const watcher = await RawClient.connect(context.directUrl)
      client.socket.destroy()
      const after = await fateOf(watcher, pid)
      await watcher.end()
      return after
    },
  },
  {
    name: 'pool exhausted',
    asks: 'Both backends are held; a third client asks. (The time-out is set to one second.)',
    async run(context) {
      const holders = await Promise.all([context.connect(), context.connect()])
      for (const holder of holders) await holder.ask(send.query('begin'))
      const third = await context.connect()
      const answer = third.ask(send.query('select 1'))
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<'waits'>((resolve) => (timer = setTimeout(() => resolve('waits'), 3_000)))
      const said = await Promise.race([
        answer.then(
          () => 'ok',
          async () => {
            const [error] = await third.closed
            return error
              ? `${error.severity} ${error.code}: ${error.message.replaceAll(/ps_[a-z0-9_]+/g, 'DB').replace(/ c[0-9a-f]*:/, ' c:')}`
              : 'closed'
          },
        ),
        late,
      ])
      clearTimeout(timer)
      return said
    },
  },
  {
    name: 'BEGIN',
    asks: 'A transaction over several messages.',
    run: async (context) => ask(await context.connect(), send.query('begin')),
  },
  {
    name: 'begin … commit in one message',
    asks: 'A transaction in one message.',
    run: async (context) => ask(await context.connect(), send.query('begin; select 1; commit')),
  },
  {
    name: 'DEALLOCATE ALL by another client',
    asks: 'A parses a name; others run DEALLOCATE ALL on every backend; A binds it.',
    async run(context) {
      const { client } = await clientOn(context, parse('kept', 'select 1'))
      await onEveryBackend(context, (other) => ask(other, send.query('deallocate all')))
      return ask(client, run('kept'))
    },
  },
  {
    name: 'DDL changes a prepared SELECT *',
    asks: 'A prepares, the table changes, A runs it again on the same backend.',
    async run(context) {
      const client = await context.connect()
      const table = `plan_${Math.random().toString(36).slice(2)}`
      await client.ask(send.query(`create table ${table} (a int)`))
      await client.ask(send.parse(`select * from ${table}`, 'star'), run('star'))
      await client.ask(send.query(`alter table ${table} add b int`))
      return ask(client, run('star'))
    },
  },
  {
    name: '101 statement names on one client',
    asks: 'How far does a client get?',
    async run(context) {
      const client = await context.connect()
      for (let index = 1; index <= 101; index += 1) {
        const said = await ask(client, parse(`s${index}`, `select ${index}`))
        if (said !== 'ok') return `${index - 1}, then ${said}`
      }
      return '101'
    },
  },
  {
    name: 'error outside a transaction',
    asks: 'A statement fails; is the client usable afterwards?',
    async run(context) {
      const client = await context.connect()
      return `${await ask(client, send.query('select 1/0'))}; then ${await ask(client, send.query('select 1'))}`
    },
  },
  {
    name: 'wrong password',
    asks: 'What is a client told?',
    async run(context) {
      const said = await loginOutcome(RawClient.connect(context.url, {}, 'not the password'))
      return typeof said === 'string' ? said : 'accepted'
    },
  },
  {
    name: 'unknown database',
    asks: 'What is a client told?',
    async run(context) {
      const url = new URL(context.url)
      url.pathname = '/nosuchdb'
      const said = await loginOutcome(context.connect({}, url.href))
      return typeof said === 'string' ? said : ask(said, send.query('select 1'))
    },
  },
  {
    name: 'idle backend killed',
    asks: "A's last backend is terminated; A runs the next statement.",
    async run(context) {
      const { client, pid } = await clientOn(context)
      const watcher = await RawClient.connect(context.directUrl)
      await watcher.value(`select pg_terminate_backend(${pid}, 2000)`)
      await watcher.end()
      return ask(client, send.query('select 1'))
    },
  },
  {
    name: 'backend killed in a transaction',
    asks: 'What is the client told?',
    async run(context) {
      const client = await context.connect()
      await client.ask(send.query('begin'))
      const pid = (await client.value(pidSql)) ?? ''
      const watcher = await RawClient.connect(context.directUrl)
      await watcher.value(`select pg_terminate_backend(${pid}, 2000)`)
      await watcher.end()
      return outcome(client, client.ask(send.query('select 1')))
    },
  },
  {
    name: 'same statement name, next client on that backend',
    asks: 'A parses a name and is done; B parses it with other SQL.',
    async run(context) {
      await clientOn(context, parse('same', `select 'A'`))
      return ask(await context.connect(), parse('same', `select 'B'`))
    },
  },
  {
    name: 'Bind of a foreign name, on the backend that has it',
    asks: 'A parses a name and is done; B binds it.',
    async run(context) {
      await clientOn(context, parse('theirs', `select 'of A'`))
      const other = await context.connect()
      const answer = other.ask(run('theirs'))
      const text = await outcome(other, answer)
      return text === 'ok' ? `runs the statement ${(await answer).rows[0]?.[0] ?? ''}` : text
    },
  },
  {
    name: 'settings of the client before',
    asks: 'A sets six settings and leaves; which does the next client see on that backend?',
    async run(context) {
      const { client } = await clientOn(context)
      for (const [name, value] of Object.entries(settings)) await client.ask(send.query(`set ${name} = '${value}'`))
      await client.end()
      return (await settingsSeen(await context.connect())).join(', ') || 'none'
    },
  },
  {
    name: 'temporary table of the client before',
    asks: 'A makes one and leaves; does the next client read it?',
    async run(context) {
      const { client } = await clientOn(context)
      await client.ask(send.query('create temp table left_behind (id int)'))
      await client.end()
      return ask(await context.connect(), send.query('select from left_behind'))
    },
  },
  {
    name: 'session advisory lock of a client that left',
    asks: 'A locks and leaves; is the lock still held?',
    async run(context) {
      const { client } = await clientOn(context)
      await client.ask(send.query('select pg_advisory_lock(7)'))
      await client.end()
      const watcher = await RawClient.connect(context.directUrl)
      const free = await watcher.value('select pg_try_advisory_lock(7)')
      await watcher.end()
      return free === 't' ? 'free' : 'held'
    },
  },
  {
    name: 'LISTEN, then NOTIFY',
    asks: 'A listens; somebody notifies; A runs a query. How many notifications has A read?',
    async run(context) {
      const { client } = await clientOn(context, send.query('listen news'))
      const other = await RawClient.connect(context.directUrl)
      await other.ask(send.query('notify news'))
      await other.end()
      // Nothing in PostgreSQL shows when an idle backend has passed a notification on.
      await new Promise((resolve) => setTimeout(resolve, 150))
      await client.value('select 1')
      return String(client.notifications)
    },
  },
  {
    name: 'LISTEN of a client that left',
    asks: 'A listens and leaves; on how many backends do strangers find its channel?',
    async run(context) {
      const { client } = await clientOn(context, send.query('listen news'))
      await client.end()
      const seen = await onEveryBackend(context, (other) => other.value('select count(*) from pg_listening_channels()'))
      return `${seen.filter((count) => count !== '0').length} of 2`
    },
  },
  {
    name: 'two Syncs in flight, the first fails',
    asks: 'Two requests in one write.',
    async run(context) {
      const client = await context.connect()
      client.write(send.extended('select 1/0'), send.extended('select 5'))
      const first = await outcome(client, client.answer())
      return `${first} / ${await outcome(client, client.answer())}`
    },
  },
  {
    name: 'BEGIN to COMMIT in four Syncs, and one more',
    asks: 'Five requests in one write: with which states are they answered?',
    async run(context) {
      const client = await context.connect()
      client.write(...['begin', 'select 1', 'select 2', 'commit', 'select 3'].map((sql) => send.extended(sql)))
      let states = ''
      for (let index = 0; index < 5; index += 1) {
        const answer = client.answer()
        const said = await outcome(client, answer)
        if (said !== 'ok') return [states, said].filter((part) => part !== '').join(', then ')
        states += (await answer).status
      }
      return states
    },
  },
  {
    name: 'cancel of a running query',
    asks: 'A runs a query and cancels it.',
    async run(context) {
      const client = await context.connect()
      const sleeping = client.ask(send.query('select pg_sleep(5)'))
      const watcher = await RawClient.connect(context.directUrl)
      await untilRuns(watcher, 'select pg_sleep(5)')
      await watcher.end()
      await cancel(context, client)
      const said = await outcome(client, sleeping)
      return `${said}; then ${await ask(client, send.query('select 1'))}`
    },
  },
  {
    name: 'Terminate in a transaction',
    asks: 'A says goodbye without COMMIT; what becomes of the backend?',
    async run(context) {
      const client = await context.connect()
      const pid = (await client.ask(send.query('begin')), await client.value(pidSql)) ?? ''
      await client.end()
      const watcher = await RawClient.connect(context.directUrl)
      const after = await fateOf(watcher, pid)
      await watcher.end()
      return after
    },
  },
  {
    name: 'client vanishes while its query runs',
    asks: 'Does the query run to its end?',
    async run(context) {
      const client = await context.connect()
      client.write(send.query(`select pg_sleep(1.2) /* ${Math.random()} */`))
      const watcher = await RawClient.connect(context.directUrl)
      await untilRuns(watcher, 'select pg_sleep(1.2)')
      client.socket.destroy()
      const started = performance.now()
      const running = `select count(*) from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select pg_sleep(1.2)%'`
      while ((await watcher.value(running)) !== '0') await new Promise((resolve) => setTimeout(resolve, 20))
      await watcher.end()
      return performance.now() - started > 700 ? 'runs to its end' : 'cancelled at once'
    },
  },
  {
    name: 'DEALLOCATE ALL itself',
    asks: 'As a simple query.',
    run: async (context) => ask(await context.connect(), send.query('deallocate all')),
  },
]

/** Asks for what a client runs to be cancelled; resolves when the pooler has hung up on the request. */
function cancel({ url }: ProbeContext, { pid, secretKey }: RawClient): Promise<void> {
  const { host, port } = parseTarget(url)
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => socket.write(cancelRequest(pid, secretKey)))
    socket
      .once('close', () => resolve())
      .on('error', () => undefined)
      .resume()
  })
}

/** Waits until a query with that text runs in this database. */
async function untilRuns(watcher: RawClient, text: string): Promise<void> {
  const running = `select count(*) from pg_stat_activity where datname = current_database() and state = 'active' and pid <> pg_backend_pid() and query like '${text}%'`
  while ((await watcher.value(running)) === '0') await new Promise((resolve) => setTimeout(resolve, 10))
}

/** What became of a backend whose client left it in a transaction. */
async function fateOf(watcher: RawClient, pid: string): Promise<string> {
  const state = `select coalesce((select state from pg_stat_activity where pid = ${pid}), 'gone')`
  for (const until = Date.now() + hang; Date.now() < until;) {
    if ((await watcher.value(state)) !== 'idle in transaction') break
  }
  return (await watcher.value(state)) === 'gone' ? 'backend closed' : 'rolled back, backend kept'
}
