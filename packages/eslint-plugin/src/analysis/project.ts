import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { engineOf, isForeignSql } from './drivers.ts'
import type { Host } from './host.ts'
import { matchesGlob, type Settings } from './settings.ts'

/** What the files around a file say: its package's dependencies, and what its imports lead to. */
export interface Project {
  hostFor(path: string, settings: Settings): Host
}

interface Cached<T> {
  readonly changed: number
  readonly value: T
}

const extensions = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']
const noNames: ReadonlySet<string> = new Set()
const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)['"]([^'"\n]+)['"]/g
const typeImport = /\bimport\s+type\b[^'"]*['"][^'"\n]+['"]/g

/** Reads what it is asked for from the disk, and keeps it until the file changes. */
export function createProject(): Project {
  const manifests = new Map<string, Cached<ReadonlySet<string>>>()
  const sources = new Map<string, Cached<string>>()
  const folders = new Map<string, string | undefined>()

  const manifestAbove = (folder: string): string | undefined => {
    if (folders.has(folder)) return folders.get(folder)
    const path = join(folder, 'package.json')
    const parent = dirname(folder)
    const found = changedAt(path) === undefined ? (parent === folder ? undefined : manifestAbove(parent)) : path
    folders.set(folder, found)
    return found
  }

  // A manifest without dependencies (`{ "type": "commonjs" }`) is part of the package above it.
  const dependenciesOf = (path: string): ReadonlySet<string> => {
    const manifest = manifestAbove(dirname(path))
    if (manifest === undefined) return noNames
    const names = cached(manifests, manifest, dependencyNames, noNames)
    const folder = dirname(manifest)
    return names.size > 0 || dirname(folder) === folder ? names : dependenciesOf(folder)
  }

  const originOf = (
    specifier: string,
    from: string,
    settings: Settings,
    depth: number,
  ): ReturnType<NonNullable<Host['originOf']>> => {
    const path = resolveFile(resolve(dirname(from), specifier))
    if (path === undefined) return undefined
    if (matchesGlob(settings.wrapper, path)) return 'wrapper'
    const source = cached(sources, path, (text) => text, '')
    const withoutTypes = source.replace(typeImport, '')
    const names = [...withoutTypes.matchAll(importPattern)].map((match) => match[1] ?? '')
    const isWrapper = (name: string): boolean =>
      name === 'pooler-safe' || name.startsWith('pooler-safe/') || matchesGlob(settings.wrapper, name)
    if (names.some(isWrapper)) return 'wrapper'
    if (names.some((name) => engineOf(name) === 'postgres' || engineOf(name) === 'several')) return 'raw'
    if (names.some((name) => isForeignSql(name))) return 'foreign'
    if (depth >= 3) return undefined
    for (const name of names) {
      const origin = name.startsWith('.') ? originOf(name, path, settings, depth + 1) : undefined
      if (origin !== undefined) return origin
    }
    // The types of the wrapper alone: functions that take its sessions.
    return [...source.matchAll(importPattern)].some((match) => isWrapper(match[1] ?? '')) ? 'wrapper' : undefined
  }

  return {
    hostFor: (path, settings) => ({
      get dependencies() {
        return dependenciesOf(path)
      },
      originOf: (specifier) => originOf(specifier, path, settings, 0),
    }),
  }
}

function cached<T>(store: Map<string, Cached<T>>, path: string, read: (text: string) => T, otherwise: T): T {
  const changed = changedAt(path)
  if (changed === undefined) return otherwise
  const known = store.get(path)
  if (known?.changed === changed) return known.value
  let value = otherwise
  try {
    value = read(readFileSync(path, 'utf8'))
  } catch {
    // A manifest that is no JSON says nothing.
  }
  store.set(path, { changed, value })
  return value
}

/** When a file was changed last; nothing when there is no such file. */
function changedAt(path: string): number | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() ? stats.mtimeMs : undefined
}

/** The file that a path without (or with another) extension means. */
function resolveFile(path: string): string | undefined {
  const bare = path.replace(/\.[cm]?js$/, '')
  for (const base of [path, bare, join(path, 'index')]) {
    for (const extension of extensions) {
      const candidate = base + extension
      if (changedAt(candidate) !== undefined) return candidate
    }
  }
  return undefined
}

function dependencyNames(text: string): ReadonlySet<string> {
  const manifest = JSON.parse(text) as Record<string, Record<string, string> | undefined>
  return new Set(
    ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((field) => Object.keys(manifest[field] ?? {})),
  )
}
