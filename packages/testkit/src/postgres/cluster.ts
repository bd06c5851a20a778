import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { runAs, type ServiceUser } from '../process/service-user.ts'
import { canWrite } from '../process/work-directory.ts'
import { TestkitError } from '../testkit-error.ts'
import { majorOf, program, type PostgresBinaries } from './binaries.ts'

/** The superuser of a cluster that we made. */
export interface ClusterCredentials {
  readonly user: string
  readonly password: string
}

const credentialsFile = 'pooler-safe.json'

function readCredentials(dataDirectory: string): ClusterCredentials | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDirectory, credentialsFile), 'utf8')) as ClusterCredentials
  } catch {
    return undefined
  }
}

function runInitdb(
  binaries: PostgresBinaries,
  directory: string,
  passwordFile: string,
  user: ServiceUser | undefined,
  locale: string,
) {
  const args = ['--pgdata', directory, '--username', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256']
  args.push('--encoding', 'UTF8', '--locale', locale)
  return spawnSync(program(binaries, 'initdb'), args, {
    ...runAs(user),
    cwd: dirname(directory),
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
}

/**
 * Makes a cluster with a random superuser password and SCRAM for everybody, local sockets included.
 * Throws `postgres-start-failed` with what initdb said.
 */
export function initialise(
  binaries: PostgresBinaries,
  dataDirectory: string,
  user: ServiceUser | undefined,
): ClusterCredentials {
  const credentials = { user: 'postgres', password: randomBytes(18).toString('base64url') }
  const passwordFile = `${dataDirectory}.password`
  try {
    writeFileSync(passwordFile, credentials.password, { mode: 0o600 })
    if (user) chownSync(passwordFile, user.uid, user.gid)
    // C.UTF-8 sorts by code point but knows letters beyond ASCII; not every system has it.
    let said = ''
    for (const locale of ['C.UTF-8', 'C']) {
      rmSync(dataDirectory, { recursive: true, force: true })
      const { status, error, stdout, stderr } = runInitdb(binaries, dataDirectory, passwordFile, user, locale)
      if (status === 0) {
        const file = join(dataDirectory, credentialsFile)
        writeFileSync(file, JSON.stringify(credentials), { mode: 0o600 })
        return credentials
      }
      said = error?.message ?? `${stdout}${stderr}`.trim()
      if (!/locale/i.test(said)) break
    }
    throw new TestkitError('postgres-start-failed', `initdb of PostgreSQL ${binaries.version} failed:\n${said}`)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** The major version of the cluster in a directory; undefined when there is none yet. */
export function clusterMajor(dataDirectory: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(dataDirectory, 'PG_VERSION'), 'utf8'), 10)
  } catch {
    return undefined
  }
}

/**
 * Root's own directories cannot be entered by the account that PostgreSQL runs as. Then the cluster lives in a public
 * place, and the directory that was asked for is a symbolic link to it.
 */
function initialiseElsewhere(binaries: PostgresBinaries, directory: string, user: ServiceUser): ClusterCredentials {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  for (const parent of ['/var/lib/pooler-safe', '/var/tmp/pooler-safe']) {
    const home = join(parent, name)
    try {
      mkdirSync(parent, { recursive: true, mode: 0o755 })
      rmSync(home, { recursive: true, force: true })
      mkdirSync(home, { mode: 0o700 })
      chownSync(home, user.uid, user.gid)
    } catch {
      continue
    }
    if (!canWrite(home, user)) continue
    const credentials = initialise(binaries, join(home, 'data'), user)
    rmSync(directory, { recursive: true, force: true })
    symlinkSync(join(home, 'data'), directory)
    return credentials
  }
  throw new TestkitError(
    'data-directory',
    `${user.name} cannot enter ${dirname(directory)}; PostgreSQL runs as that account.`,
    {
      hint: 'Use a data directory that it can enter, or run as another user than root.',
    },
  )
}

/**
 * Opens the cluster in a directory (an absolute path) that is to survive us, or makes it there.
 * Throws `data-directory` when something else is in the directory, or it needs another major version.
 */
export function openOrInitialise(
  binaries: PostgresBinaries,
  directory: string,
  user: ServiceUser | undefined,
): ClusterCredentials {
  const major = clusterMajor(directory)
  if (major !== undefined) {
    if (major !== majorOf(binaries.version)) {
      throw new TestkitError(
        'data-directory',
        `${directory} was made by PostgreSQL ${major}, but only ${binaries.version} is here.`,
        {
          hint: `Install PostgreSQL ${major}, or use another directory.`,
        },
      )
    }
    const credentials = readCredentials(directory)
    if (credentials) return credentials
    throw new TestkitError(
      'data-directory',
      `${directory} holds a PostgreSQL cluster that was not made here: its password is unknown.`,
      {
        hint: 'Give its connection URL instead of its directory, or use another directory.',
      },
    )
  }
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new TestkitError('data-directory', `${directory} is not empty and holds no PostgreSQL cluster.`, {
      hint: 'Use an empty directory.',
    })
  }
  const parent = dirname(directory)
  mkdirSync(parent, { recursive: true })
  // Made beside and moved, so that an interrupted initdb leaves nothing that looks like a cluster.
  const building = join(parent, `.${process.pid}-${randomBytes(4).toString('hex')}`)
  mkdirSync(building, { mode: 0o700 })
  try {
    if (user) chownSync(building, user.uid, user.gid)
    if (!canWrite(building, user)) {
      if (user) return initialiseElsewhere(binaries, directory, user)
      throw new TestkitError('data-directory', `${parent} cannot be written.`)
    }
    const credentials = initialise(binaries, join(building, 'data'), user)
    rmSync(directory, { recursive: true, force: true })
    renameSync(join(building, 'data'), directory)
    return credentials
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}

/**
 * Removes a `postmaster.pid` whose process is not a PostgreSQL any more. PostgreSQL does so itself, unless the number
 * belongs to another process by now, which is the rule after a container was restarted.
 */
export function removeStalePid(dataDirectory: string): void {
  const file = join(dataDirectory, 'postmaster.pid')
  let pid: number
  try {
    pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
  } catch {
    return
  }
  if (process.platform !== 'linux' || !Number.isInteger(pid) || pid <= 0) return
  let commandLine = ''
  try {
    commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // No such process.
  }
  if (!/postgres|postmaster/.test(commandLine)) rmSync(file, { force: true })
}
