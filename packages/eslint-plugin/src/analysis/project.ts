import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { engineOf, isForeignSql } from './drivers.ts'
import type { Host } from './host.ts'
import { matchesGlob, type Settings } from './settings.ts'

/** What the files around a file say: its package's dependencies, and what its imports lead to. */
export interface Project {
  hostFor(path: string, settings: Settings): Host
}

type Origin = ReturnType<NonNullable<Host['originOf']>>

/** What a file imports. */
interface Imports {
  readonly values: readonly string[]
  /** Those of `import type` included. */
  readonly all: readonly string[]
}

const extensions = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']
const noNames: ReadonlySet<string> = new Set()
const noImports: Imports = { values: [], all: [] }
/** How far imports are followed. */
const farthest = 3
const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)['"]([^'"\n]+)['"]/g
const typeImport = /\bimport\s+type\b[^'"]*['"][^'"\n]+['"]/g

/**
 * Reads what it is asked for from the disk, once in a run: when a file comes by for the second time (an editor, a
 * watcher, a pass after a fix), all is read anew.
 */
export function createProject(): Project {
  let disk = new Disk()
  const seen = new Set<string>()
  return {
    hostFor: (path, settings) => {
      if (seen.has(path)) {
        disk = new Disk()
        seen.clear()
      }
      seen.add(path)
      const current = disk
      return {
        get dependencies() {
          return current.dependenciesOf(path)
        },
        originOf: (specifier) => current.originOf(specifier, path, settings),
      }
    },
  }
}

/** What was read from the disk. It holds names, no sources. */
class Disk {
  readonly #folders = new Map<string, ReadonlySet<string>>()
  readonly #manifests = new Map<string, ReadonlySet<string>>()
  readonly #dependencies = new Map<string, ReadonlySet<string>>()
  readonly #imports = new Map<string, Imports>()
  readonly #workspace = new Map<string, ReadonlySet<string>>()
  readonly #origins = new WeakMap<Settings, Map<string, Origin>>()

  dependenciesOf(path: string): ReadonlySet<string> {
    const folder = dirname(path)
    const known = this.#dependencies.get(folder)
    if (known) return known
    const names = this.#readDependencies(folder)
    this.#dependencies.set(folder, names)
    return names
  }

  originOf(specifier: string, from: string, settings: Settings): Origin {
    const folder = dirname(from)
    if (specifier.startsWith('.')) return this.#follow(resolve(folder, specifier), settings, 0)
    return this.#isBuiltOnWrapper(specifier, folder, settings) ? 'wrapper' : undefined
  }

  /** Whether an import means a package of the same workspace that has the safe session from the wrapper. */
  #isBuiltOnWrapper(specifier: string, folder: string, settings: Settings): boolean {
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? ''
    if (!this.dependenciesOf(join(folder, 'x')).has(name)) return false
    for (const needed of this.#workspacePackage(name, folder)) if (isWrapper(needed, settings)) return true
    return false
  }

  /** What a package of the same workspace depends on; nothing for packages from elsewhere. */
  #workspacePackage(name: string, folder: string): ReadonlySet<string> {
    const key = `${folder} ${name}`
    const known = this.#workspace.get(key)
    if (known) return known
    let names = noNames
    try {
      const path = realpathSync(join(folder, 'node_modules', name))
      if (!path.includes(`${sep}node_modules${sep}`)) names = this.#manifest(join(path, 'package.json'))
    } catch {
      if (dirname(folder) !== folder) names = this.#workspacePackage(name, dirname(folder))
    }
    this.#workspace.set(key, names)
    return names
  }

  // A manifest without dependencies (`{ "type": "commonjs" }`) is part of the package above it.
  #readDependencies(folder: string): ReadonlySet<string> {
    const names = this.#filesIn(folder).has('package.json') ? this.#manifest(join(folder, 'package.json')) : noNames
    const parent = dirname(folder)
    return names.size > 0 || parent === folder ? names : this.dependenciesOf(folder)
  }

  #follow(target: string, settings: Settings, depth: number): Origin {
    const path = this.#resolveFile(target)
    if (path === undefined) return undefined
    if (matchesGlob(settings.wrapper, path)) return 'wrapper'
    const known = this.#origins.get(settings) ?? new Map<string, Origin>()
    this.#origins.set(settings, known)
    const key = `${String(depth)} ${path}`
    if (known.has(key)) return known.get(key)
    // A circle of imports ends here.
    known.set(key, undefined)
    const origin = this.#readOrigin(path, settings, depth)
    known.set(key, origin)
    return origin
  }

  #readOrigin(path: string, settings: Settings, depth: number): Origin {
    const { all, values } = this.#importsOf(path)
    const isOfWrapper = (name: string): boolean => isWrapper(name, settings)
    if (values.some(isOfWrapper)) return 'wrapper'
    if (values.some((name) => engineOf(name) === 'postgres' || engineOf(name) === 'several')) return 'raw'
    if (values.some((name) => isForeignSql(name))) return 'foreign'
    if (depth >= farthest) return undefined
    for (const name of values) {
      if (!name.startsWith('.')) continue
      const origin = this.#follow(resolve(dirname(path), name), settings, depth + 1)
      if (origin !== undefined) return origin
    }
    // The types of the wrapper alone: functions that take its sessions.
    const folder = dirname(path)
    return all.some((name) => isOfWrapper(name) || this.#isBuiltOnWrapper(name, folder, settings))
      ? 'wrapper'
      : undefined
  }

  #importsOf(path: string): Imports {
    const known = this.#imports.get(path)
    if (known) return known
    const source = readText(path)
    const imports = source === undefined ? noImports : importsIn(source)
    this.#imports.set(path, imports)
    return imports
  }

  #manifest(path: string): ReadonlySet<string> {
    const known = this.#manifests.get(path)
    if (known) return known
    const text = readText(path)
    const names = text === undefined ? noNames : dependencyNames(text)
    this.#manifests.set(path, names)
    return names
  }

  /** The file that a path without (or with another) extension means. */
  #resolveFile(path: string): string | undefined {
    const bare = path.replace(/\.[cm]?js$/, '')
    for (const base of [path, bare, join(path, 'index')]) {
      const files = this.#filesIn(dirname(base))
      const name = basename(base)
      for (const extension of extensions) if (files.has(name + extension)) return base + extension
    }
    return undefined
  }

  /** The names of the files in a folder; none if there is no such folder. */
  #filesIn(folder: string): ReadonlySet<string> {
    const known = this.#folders.get(folder)
    if (known) return known
    let names: ReadonlySet<string> = noNames
    try {
      const entries = readdirSync(folder, { withFileTypes: true })
      names = new Set(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name))
    } catch {
      // The import leads nowhere.
    }
    this.#folders.set(folder, names)
    return names
  }
}

function isWrapper(name: string, settings: Settings): boolean {
  return name === 'pooler-safe' || name.startsWith('pooler-safe/') || matchesGlob(settings.wrapper, name)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function importsIn(source: string): Imports {
  const namesIn = (text: string): string[] => [...text.matchAll(importPattern)].map((match) => match[1] ?? '')
  const all = namesIn(source)
  return { all, values: /\bimport\s+type\b/.test(source) ? namesIn(source.replace(typeImport, '')) : all }
}

/** The names that a manifest says are needed at run time; none if it is no JSON. */
function dependencyNames(text: string): ReadonlySet<string> {
  let manifest: Readonly<Record<string, unknown>> | null
  try {
    manifest = JSON.parse(text) as Readonly<Record<string, unknown>> | null
  } catch {
    return noNames
  }
  return new Set(
    ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((field) =>
      Object.keys(manifest?.[field] ?? {}),
    ),
  )
}
