import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the manifest of a package says. */
export interface PackageFacts {
  readonly name: string
  readonly dependencies: ReadonlySet<string>
}

const unnamed: PackageFacts = { name: '(no package)', dependencies: new Set() }

/** Finds the package that a file belongs to. */
export class Packages {
  readonly #known = new Map<string, PackageFacts | undefined>()

  of(path: string): PackageFacts {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      const found = this.#at(folder)
      // A manifest without a name (`{ "type": "commonjs" }`) is part of the package above it.
      if (found) return found
      if (dirname(folder) === folder) return unnamed
    }
  }

  #at(folder: string): PackageFacts | undefined {
    if (this.#known.has(folder)) return this.#known.get(folder)
    const found = readManifest(join(folder, 'package.json'))
    this.#known.set(folder, found)
    return found
  }
}

function readManifest(path: string): PackageFacts | undefined {
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>
    const { name, dependencies, devDependencies } = manifest
    if (typeof name !== 'string') return undefined
    return { name, dependencies: new Set([...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})]) }
  } catch {
    return undefined
  }
}
