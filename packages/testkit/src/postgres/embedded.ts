import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { runAs, type ServiceUser } from '../process/service-user.ts'
import { embeddedDirectory, versionOf, type PostgresBinaries } from './binaries.ts'

interface Link {
  readonly source: string
  readonly target: string
}

/** The package lists the symbolic links that npm cannot carry; its install script makes them, unless scripts are off. */
function makeLinks(nativeDirectory: string): void {
  const list = join(nativeDirectory, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as Link[]
  for (const { source, target } of links) {
    const path = join(nativeDirectory, relative('native', target))
    if (existsSync(path)) continue
    rmSync(path, { force: true })
    symlinkSync(relative(dirname(target), source), path)
  }
}

/** Copies the binaries to where every account can read and run them. One copy for each package version. */
function publicCopy(binDirectory: string): string | undefined {
  const native = dirname(binDirectory)
  const manifest: unknown = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'))
  const version = (manifest as { version?: unknown }).version
  const owner = process.getuid?.() ?? 0
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    const place = join(parent, `pooler-safe-postgres-${String(version)}-${owner}`)
    if (existsSync(join(place, 'bin'))) return join(place, 'bin')
    try {
      const building = mkdtempSync(`${place}-`)
      cpSync(native, building, { recursive: true, verbatimSymlinks: true })
      makeLinks(building)
      chmodSync(building, 0o755)
      for (const name of readdirSync(join(building, 'bin'))) chmodSync(join(building, 'bin', name), 0o755)
      try {
        renameSync(building, place)
      } catch {
        // Another process was faster; its copy is as good.
        rmSync(building, { recursive: true, force: true })
      }
      return join(place, 'bin')
    } catch {
      continue
    }
  }
  return undefined
}

/**
 * The binaries that npm brought, where the service user can run them: below root's home it could not, and with install
 * scripts off their symbolic links are missing; then a copy in the temporary directory is used. Undefined when there are none.
 */
export function embeddedBinaries(user: ServiceUser | undefined): PostgresBinaries | undefined {
  const installed = embeddedDirectory()
  if (installed === undefined || !existsSync(installed)) return undefined
  const inPlace = versionOf(installed, runAs(user))
  if (inPlace !== undefined) return { binDirectory: installed, version: inPlace, source: 'embedded' }
  if (process.platform === 'win32') return undefined
  const copied = publicCopy(installed)
  const version = copied === undefined ? undefined : versionOf(copied, runAs(user))
  if (copied === undefined || version === undefined) return undefined
  return { binDirectory: copied, version, source: 'embedded' }
}

/** What the directory is called, for messages. */
export const describeBinaries = ({ binDirectory, version, source }: PostgresBinaries): string =>
  source === 'embedded'
    ? `embedded PostgreSQL ${version}`
    : `PostgreSQL ${version} in ${basename(binDirectory) ? binDirectory : '/'}`
