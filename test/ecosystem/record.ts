import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Library } from './contract.ts'
import type { Probe } from './probes.ts'

/** What became of a probe: it holds, or the first sentence of why not. */
export type Outcome = 'holds' | { readonly failed: string }

/** Where a library was run: guarded through one of the poolers, or on `pg` itself for comparison. */
export type Setting = 'rotating' | 'pgbouncer' | 'raw'

/** All that the compatibility page says about a library. */
export interface LibraryRecord extends Omit<Library, 'open' | 'own'> {
  readonly versions: Readonly<Record<string, string>>
  readonly outcomes: Readonly<Record<Setting, Readonly<Partial<Record<Probe['id'] | 'clean', Outcome>>>>>
  readonly own: readonly string[]
}

/** Set by the script that writes the compatibility page. */
export const recordFolder = process.env['POOLER_SAFE_ECOSYSTEM_RECORDS']

/** Collects what the tests of a library found. */
export class Recorder {
  readonly #facts: Omit<Library, 'open' | 'own'>
  readonly #own: readonly string[]
  readonly #outcomes: Record<Setting, Partial<Record<Probe['id'] | 'clean', Outcome>>> = {
    rotating: {},
    pgbouncer: {},
    raw: {},
  }

  constructor({ own = {}, ...facts }: Omit<Library, 'open' | 'own'> & { readonly own?: object | undefined }) {
    this.#facts = facts
    this.#own = Object.keys(own)
  }

  set(setting: Setting, id: Probe['id'] | 'clean', outcome: Outcome): void {
    this.#outcomes[setting][id] = outcome
  }

  /** Writes the record, when a page is being made of it. To be called when the backends were audited and found clean. */
  write(): void {
    if (recordFolder === undefined) return
    this.set('rotating', 'clean', 'holds')
    if (Object.keys(this.#outcomes.pgbouncer).length > 0) this.set('pgbouncer', 'clean', 'holds')
    const facts = this.#facts
    const record: LibraryRecord = {
      ...facts,
      versions: versionsOf(facts.packages),
      outcomes: this.#outcomes,
      own: this.#own,
    }
    mkdirSync(recordFolder, { recursive: true })
    writeFileSync(join(recordFolder, `${fileNameOf(facts.name)}.json`), JSON.stringify(record))
  }
}

export function fileNameOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') // prettier-ignore
}

/** The installed versions of packages. */
export function versionsOf(packages: readonly string[]): Record<string, string> {
  return Object.fromEntries(packages.map((name) => [name, versionOf(name)]))
}

const require = createRequire(import.meta.url)

function versionOf(name: string): string {
  // Not every package exports its package.json.
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }
      return version
    } catch {
      continue
    }
  }
  throw new Error(`The package ${name} is not installed at ${dirname(import.meta.filename)}.`)
}
