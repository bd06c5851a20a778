import { profileNames, scheduleNames } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { environmentFor } from '../../src/watch/environment.ts'
import { clearLine } from '../../src/watch/live-view.ts'
import { watchCommand } from '../../src/watch/watch-command.ts'
import { makeFolder, runProgram, type Ran } from '../support/run-program.ts'

const database = useTestDatabase()
const works = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const pythonWith = (module: string): string | undefined =>
  ['/usr/bin/python3', 'python3'].find((name) => works(name, '-c', `import ${module}`))
const python = pythonWith('psycopg2')
const pythonAsync = pythonWith('asyncpg')

function watch(options: readonly string[], ...command: string[]): Promise<Ran> {
  return runProgram(['watch', ...options, '--', ...command], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.directUrl },
    cwd: import.meta.dirname,
  })
}

interface Report {
  readonly seed: number
  readonly profile: string
  readonly hazards: readonly {
    readonly hazard: string
    readonly violations: readonly { readonly client: { readonly applicationName: string } }[]
  }[]
  readonly counts: { readonly allowed: number }
}

async function watchJson(
  options: readonly string[],
  ...command: string[]
): Promise<{ readonly ran: Ran; readonly report: Report; readonly hazards: readonly string[] }> {
  const folder = makeFolder()
  const ran = await watch([...options, '--format', 'json', '--output', `${folder.path}/report.json`], ...command)
  const report = JSON.parse(folder.read('report.json')) as Report
  return { ran, report, hazards: report.hazards.map(({ hazard }) => hazard) }
}

test('the options name what the test pooler has', () => {
  expect(watchCommand.options['profile']?.choices).toEqual(profileNames)
  expect(watchCommand.options['schedule']?.choices).toEqual(scheduleNames)
})

test('a program that leaves nothing behind ends with 0, and its output is its own', async () => {
  const ran = await watch([], 'psql', '-XAtc', `select 'hello'`)
  expect(ran).toMatchObject({ code: 0, out: 'hello\n' })
  expect(ran.err).toMatch(/No violations\./)
  expect(ran.err).toMatch(/seed \d+/)
})

test('psql that sets a setting is found out', async () => {
  const { ran, hazards, report } = await watchJson(
    ['--seed', '7', '--profile', 'pgbouncer-1.25'],
    'psql',
    '-XAtc',
    `set work_mem to '9MB'`,
  )
  expect(ran.code).toBe(1)
  expect(hazards).toContain('session-set')
  expect(report).toMatchObject({ seed: 7, profile: 'pgbouncer-1.25' })
})

test('a Node program with named statements and settings is found out', async () => {
  const { ran, hazards } = await watchJson([], process.execPath, 'programs/named.ts')
  expect(ran.err).toMatch(/pooler-safe: behind a pooler/)
  expect(ran.code).toBe(1)
  expect(hazards).toEqual(expect.arrayContaining(['named-parse', 'session-set']))
})

test.skipIf(python === undefined)('a Python program is found out (needs psycopg2)', async () => {
  const { ran, hazards } = await watchJson([], python ?? '', 'programs/lock.py')
  expect(ran.code).toBe(1)
  expect(hazards).toEqual(expect.arrayContaining(['advisory-session-lock', 'session-set']))
})

describe.skipIf(python === undefined)('bugs planted in a Python program (needs psycopg2)', () => {
  /** The hazards that each client was charged with, by its name. */
  async function charged(which: 'bugs' | 'safe'): Promise<{ names: string[]; charges: Map<string, Set<string>> }> {
    const { ran, report } = await watchJson([], python ?? '', 'programs/planted.py', which)
    const charges = new Map<string, Set<string>>()
    for (const { hazard, violations } of report.hazards) {
      for (const { client } of violations) {
        const known = charges.get(client.applicationName) ?? new Set()
        charges.set(client.applicationName, known.add(hazard))
      }
    }
    return { names: ran.out.trim().split('\n'), charges }
  }

  test('each is reported under its own hazard, charged to the client that did it', async () => {
    const { names, charges } = await charged('bugs')
    expect(names.length).toBeGreaterThan(9)
    for (const name of names) expect([name, ...(charges.get(name) ?? [])]).toEqual([name, name])
  })

  test('and the same written safely is not reported at all', async () => {
    const { names, charges } = await charged('safe')
    expect(names.length).toBeGreaterThan(9)
    expect([...charges]).toEqual([])
  })
})

test.skipIf(pythonAsync === undefined)('a Python program with asyncpg is found out (needs asyncpg)', async () => {
  const { ran, hazards } = await watchJson([], pythonAsync ?? '', 'programs/statements.py')
  expect(ran.code).toBe(1)
  expect(hazards).toEqual(expect.arrayContaining(['named-parse', 'temp-table']))
})

test('what is allowed with a reason is no finding, and the reason is needed', async () => {
  const allow = [{ hazard: 'session-set', residue: 'work_mem', reason: 'the nightly report runs alone' }]
  const folder = makeFolder({ 'allow.json': JSON.stringify(allow), 'wrong.json': '[{"hazard":"session-set"}]' })
  const command = ['psql', '-XAtc', `set work_mem to '9MB'`]
  const allowed = await watchJson(['--allow', `${folder.path}/allow.json`], ...command)
  expect(allowed.hazards).not.toContain('session-set')
  expect(allowed.report.counts.allowed).toBeGreaterThan(0)
  const wrong = await watch(['--allow', `${folder.path}/wrong.json`], ...command)
  expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/has to say why/) })
})

test('--fail-on none reports and ends with 0', async () => {
  const ran = await watch(['--fail-on', 'none'], 'psql', '-XAtc', `set work_mem to '9MB'`)
  expect(ran.code).toBe(0)
  expect(ran.err).toMatch(/work_mem/)
})

test('a command that fails keeps its exit code, also when something was found', async () => {
  expect(await watch([], process.execPath, '-e', 'process.exit(3)')).toMatchObject({
    code: 3,
    err: expect.stringMatching(/ended with 3/),
  })
  const found = await watch([], 'sh', '-c', `psql -XAtc "set work_mem to '9MB'" "$DATABASE_URL"; exit 4`)
  expect(found).toMatchObject({ code: 4, err: expect.stringMatching(/session-set/) })
  expect(await watch([], 'sh', '-c', 'kill -TERM $$')).toMatchObject({ code: 128 + 15 })
})

test('a command that is not there ends with 2', async () => {
  expect(await watch([], 'no-such-program')).toMatchObject({ code: 2, err: expect.stringMatching(/not found/) })
  expect(await runProgram(['watch'])).toMatchObject({ code: 2, err: expect.stringMatching(/needs a command/) })
})

test('a signal for watch reaches the command, which ends as it likes, and the report comes', async () => {
  const ended = new AbortController()
  let out = ''
  let err = ''
  const program = `process.on('SIGTERM', () => { console.log('tidied up'); process.exit(5) }); console.log('ready'); setInterval(() => {}, 1e6)`
  const ran = runProgram(['watch', '--', process.execPath, '-e', program], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.directUrl },
    signal: ended.signal,
    out: (text) => {
      out += text
      if (text.includes('ready')) ended.abort('SIGTERM')
    },
    err: (text) => void (err += text),
  })
  expect((await ran).code).toBe(5)
  expect(out).toMatch(/tidied up/)
  expect(err).toMatch(/No violations\./)
})

test('the program itself passes on what it is sent', async () => {
  const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url))
  const program = `process.on('SIGHUP', () => process.exit(6)); console.log('ready'); setInterval(() => {}, 1e6)`
  const child = spawn(
    process.execPath,
    ['--conditions=@pooler-safe/source', bin, 'watch', '--', process.execPath, '-e', program],
    { env: { PATH: process.env['PATH'], DATABASE_URL: database.directUrl }, stdio: ['ignore', 'pipe', 'ignore'] },
  )
  child.stdout.once('data', () => child.kill('SIGHUP'))
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code).toBe(6)
})

test('without DATABASE_URL the command gets a PostgreSQL of its own', { timeout: 60_000 }, async () => {
  const ran = await runProgram(
    ['watch', '--', 'sh', '-c', 'psql -XAtc "select 40 + 2" "$DATABASE_URL"; psql -XAtc "select 7"'],
    {
      env: { PATH: process.env['PATH'] },
    },
  )
  expect(ran).toMatchObject({ code: 0, out: '42\n7\n' })
})

test('a server that is not there, or does not let us in, is said without the password', async () => {
  const urls: readonly (readonly [string, RegExp])[] = [
    ['postgres://a:hunter2@127.0.0.1:1/b', /Cannot reach PostgreSQL at 127\.0\.0\.1:1/],
    [database.directUrl.replace(/:[^:@/]+@/, ':hunter2@'), /password authentication failed/],
    ['postgres://a:hunter2@127.0.0.1/b?sslmode=sometimes', /sslmode of the connection URL is "sometimes"/],
  ]
  for (const [url, why] of urls) {
    const { code, err } = await runProgram(['watch', '--url', url, '--', 'true'])
    expect(code).toBe(2)
    expect(err).toMatch(why)
    expect(err).not.toContain('hunter2')
  }
})

test('the report can be JUnit and HTML, and standard error says where it is', async () => {
  const folder = makeFolder()
  for (const [format, pattern] of [
    ['junit', /^<\?xml[^]*<testsuites[^]*session-set/],
    ['html', /^<!doctype html[^]*session-set/i],
  ] as const) {
    const file = `${folder.path}/report.${format}`
    const ran = await watch(['-f', format, '-o', file], 'psql', '-XAtc', `set work_mem to '9MB'`)
    expect(folder.read(`report.${format}`)).toMatch(pattern)
    expect(ran.err).toContain(`1 violations of 1 hazards; the report is in ${file}`)
  }
  const nowhere = await watch(['-o', `${folder.path}/no/such/folder`], 'true')
  expect(nowhere).toMatchObject({ code: 2, err: expect.stringMatching(/could not be written/) })
})

describe('the live view', () => {
  const sets = `console.log('one'); process.stdout.write('tw'); setTimeout(() => console.log('o'), 400); setTimeout(() => {}, 1_000)`

  test('on a terminal one line counts below the output of the command, and is gone at the end', async () => {
    let screen = ''
    const ran = await runProgram(['watch', '--', process.execPath, '-e', sets], {
      env: { PATH: process.env['PATH'], DATABASE_URL: database.directUrl, NO_COLOR: '1' },
      isErrTerminal: true,
      columns: 200,
      out: (text) => void (screen += text),
      err: (text) => void (screen += text),
    })
    expect(ran.code).toBe(0)
    expect(screen).toContain('0 transactions · no violations')
    // Nothing is drawn behind half a line.
    expect(screen).toContain('one\ntwo\n')
    const lines = screen.split('\n').map((line) => line.slice(line.lastIndexOf(clearLine) + 1))
    expect(lines.join('\n')).not.toContain('clients ·')
  })

  test('what is found is said at once, the first time, with the name of the client', async () => {
    const folder = makeFolder()
    const program = `psql -XAtc "set work_mem to '9MB'"; psql -XAtc "set work_mem to '8MB'"`
    const ran = await watch(['-o', `${folder.path}/x`], 'sh', '-c', program)
    expect(ran.err.match(/pooler-safe: session-set: setting work_mem .* \(psql\)/g)).toHaveLength(1)
  })
})

test('who did it is named by its own name, also behind a pooler that drops it', async () => {
  for (const profile of ['supavisor-2.9', 'pgagroal', 'pgbouncer-1.25']) {
    const folder = makeFolder()
    const file = `${folder.path}/report.json`
    await runProgram(
      ['watch', '--profile', profile, '-f', 'json', '-o', file, '--', 'psql', '-XAtc', `set work_mem to '9MB'`],
      {
        env: { PATH: process.env['PATH'], DATABASE_URL: database.directUrl, PGAPPNAME: 'nightly report' },
      },
    )
    const { hazards } = JSON.parse(folder.read('report.json')) as {
      hazards: { hazard: string; violations: { client: { applicationName: string } }[] }[]
    }
    const [violation] = hazards.find(({ hazard }) => hazard === 'session-set')?.violations ?? []
    expect(violation?.client.applicationName).toBe('nightly report')
  }
})

describe('the environment of the command', () => {
  const server = { host: 'db.internal', port: 5433, user: 'u', password: 'p', database: 'd' }
  const pooler = { ...server, url: 'postgres://u:p@127.0.0.1:7/d', host: '127.0.0.1', port: 7 }

  test('leads to the pooler by every usual variable, and past it by none', () => {
    const env = environmentFor(pooler, { PGSERVICE: 'x', PGSSLMODE: 'require', PGHOST: 'db', HOME: '/h' }, ['APP_DB'])
    expect(env).toEqual({
      HOME: '/h',
      DATABASE_URL: pooler.url,
      APP_DB: pooler.url,
      PGHOST: '127.0.0.1',
      PGPORT: '7',
      PGUSER: 'u',
      PGPASSWORD: 'p',
      PGDATABASE: 'd',
    })
  })

  test('leads every variable that names the server to the pooler, with its own user, database and parameters', () => {
    const env = environmentFor(
      pooler,
      {
        DATABASE_URL: 'postgres://other:pw@db.internal:5433/shop?sslmode=require&connect_timeout=3',
        POSTGRES_URL: 'postgresql://u:p@db.internal:5433/d?sslmode=verify-full',
        SQLALCHEMY_DATABASE_URI: 'postgresql+asyncpg://u:p%40@DB.internal:5433/d',
        SPRING_DATASOURCE_URL: 'jdbc:postgresql://db.internal:5433/d?user=u&ssl=true',
        DB_HOST: 'db.internal',
        DB_PORT: '5433',
        DB_NAME: 'd',
        OTHER_URL: 'postgres://u:p@elsewhere:5433/d',
        REPLICA_URL: 'postgres://u:p@db.internal:5434/d',
        DIRECT_DATABASE_URL: 'postgres://u:p@db.internal:5433/d',
        DATABASE_URL_UNPOOLED: 'postgres://u:p@db.internal:5433/d',
        SMTP_HOST: 'db.internal',
        SITE: 'https://db.internal:5433/d',
      },
      [],
      server,
    )
    expect(env).toMatchObject({
      DATABASE_URL: 'postgres://other:pw@127.0.0.1:7/shop?connect_timeout=3',
      POSTGRES_URL: 'postgresql://u:p@127.0.0.1:7/d',
      SQLALCHEMY_DATABASE_URI: 'postgresql+asyncpg://u:p%40@127.0.0.1:7/d',
      SPRING_DATASOURCE_URL: 'jdbc:postgresql://127.0.0.1:7/d?user=u',
      DB_HOST: '127.0.0.1',
      DB_PORT: '7',
      DB_NAME: 'd',
      OTHER_URL: 'postgres://u:p@elsewhere:5433/d',
      REPLICA_URL: 'postgres://u:p@db.internal:5434/d',
      DIRECT_DATABASE_URL: 'postgres://u:p@db.internal:5433/d',
      DATABASE_URL_UNPOOLED: 'postgres://u:p@db.internal:5433/d',
      SMTP_HOST: 'db.internal',
      SITE: 'https://db.internal:5433/d',
    })
  })

  test('loopback has many names, and the usual port need not be said', () => {
    const local = { ...server, host: '127.0.0.1', port: 5432 }
    const env = environmentFor(
      pooler,
      { A: 'postgres://u@localhost/d', B: 'postgres://u@[::1]:5432/d', PG_HOST: 'localhost' },
      [],
      local,
    )
    expect(env).toMatchObject({
      A: 'postgres://u@127.0.0.1:7/d',
      B: 'postgres://u@127.0.0.1:7/d',
      PG_HOST: '127.0.0.1',
      PG_PORT: '7',
    })
  })
})
