import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { TestkitError } from '../testkit-error.ts'

/** An account to run a server as. */
export interface ServiceUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const createdName = 'pooler-safe'
const preferred = ['postgres', '_postgres', 'pgsql', createdName]

function lookUp(name: string): ServiceUser | undefined {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[0] === name)
  if (!entry) return undefined
  return { name, uid: Number(entry[2]), gid: Number(entry[3]) }
}

/** The two spellings of "make a system account": shadow-utils, and busybox. */
const creators: readonly (readonly [string, readonly string[]])[] = [
  ['useradd', ['--system', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false', createdName]],
  ['adduser', ['-S', '-D', '-H', '-h', '/nonexistent', '-s', '/bin/false', createdName]],
]

function create(): ServiceUser | undefined {
  for (const [command, args] of creators) {
    const { status } = spawnSync(command, args, { stdio: 'ignore' })
    // Somebody else may have created it at the same moment; then the command failed but the account exists.
    const user = status === 0 || lookUp(createdName) ? lookUp(createdName) : undefined
    if (user) return user
  }
  return undefined
}

/**
 * The account that servers run as: undefined when this process is not root (then they run as ourselves).
 * PostgreSQL and PgBouncer refuse to run as root, so root picks `postgres`, or creates `pooler-safe`, or falls back to `nobody`.
 */
export function findServiceUser(): ServiceUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of preferred) {
    const user = lookUp(name)
    if (user) return user
  }
  const user = create() ?? lookUp('nobody')
  if (user) return user
  throw new TestkitError(
    'postgres-start-failed',
    'PostgreSQL refuses to run as root, and no other account could be found or created.',
    {
      hint: 'Run as another user, or create an account named "postgres".',
    },
  )
}

/** The options that make a child process run as the service user. */
export function runAs(user: ServiceUser | undefined): { uid?: number; gid?: number } {
  return user ? { uid: user.uid, gid: user.gid } : {}
}
