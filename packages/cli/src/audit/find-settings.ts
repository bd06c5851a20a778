import { readSettings, SettingsError, type Settings } from 'eslint-plugin-pooler-safe/analysis'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../command-line/usage-error.ts'

/** What the configuration says, and where it stands. */
export interface FoundSettings {
  readonly settings: Settings
  readonly exclude: readonly string[]
  readonly path?: string
  /** Why a configuration could not be used. */
  readonly note?: string
}

const ownNames = ['js', 'mjs', 'cjs', 'json'].map((extension) => `pooler-safe.config.${extension}`)
const eslintNames = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => `eslint.config.${extension}`)
const none: FoundSettings = { settings: {}, exclude: [] }

/**
 * Looks for settings: the file that was named, or the nearest `pooler-safe.config.*`, or the nearest ESLint configuration
 * with `settings['pooler-safe']`. Throws a `UsageError` for settings that cannot be used; an ESLint configuration that
 * cannot be loaded is a note, since it may need what is not installed.
 */
export async function findSettings(cwd: string, given: string | undefined): Promise<FoundSettings> {
  if (given !== undefined) {
    const path = resolve(cwd, given)
    if (!existsSync(path)) throw new UsageError(`There is no configuration ${given}.`)
    return /(?:^|[\\/])eslint\.config\.\w+$/.test(path) ? fromEslint(path) : fromOwn(path)
  }
  const own = upwards(cwd, ownNames)
  if (own !== undefined) return fromOwn(own)
  const eslint = upwards(cwd, eslintNames)
  if (eslint === undefined || !readFileSync(eslint, 'utf8').includes('pooler-safe')) return none
  try {
    return await fromEslint(eslint)
  } catch (error) {
    if (error instanceof UsageError) throw error
    return {
      ...none,
      path: eslint,
      note: `settings not read: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}

function upwards(from: string, names: readonly string[]): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = names.map((name) => join(folder, name)).find((path) => existsSync(path))
    if (found !== undefined) return found
    // The configuration of another repository is not meant.
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return undefined
  }
}

async function fromOwn(path: string): Promise<FoundSettings> {
  let value: unknown
  try {
    value = path.endsWith('.json') ? JSON.parse(readFileSync(path, 'utf8')) : await load(path)
  } catch (error) {
    throw new UsageError(
      `${path} could not be read: ${error instanceof Error ? error.message : String(error)}`,
      undefined,
      {
        cause: error,
      },
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${path} has to hold an object of settings.`)
  }
  const { exclude = [] } = value as { readonly exclude?: unknown }
  // `$schema` is where editors find out what may stand in it.
  const settings = Object.fromEntries(Object.entries(value).filter(([key]) => key !== '$schema' && key !== 'exclude'))
  if (!Array.isArray(exclude) || exclude.some((item) => typeof item !== 'string')) {
    throw new UsageError(`"exclude" in ${path} has to be a list of globs.`)
  }
  return { settings: check(settings, path), exclude: exclude as readonly string[], path }
}

async function fromEslint(path: string): Promise<FoundSettings> {
  const value = await load(path)
  const configs = (Array.isArray(value) ? value.flat(8) : [value]) as readonly unknown[]
  const found = configs
    .map((config) => (config as { settings?: Record<string, unknown> } | null)?.settings?.['pooler-safe'])
    .filter((settings) => typeof settings === 'object' && settings !== null)
  if (found.length === 0) return none
  return { settings: check(Object.assign({}, ...found), path), exclude: [], path }
}

async function load(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
  return module.default ?? module
}

function check(settings: unknown, path: string): Settings {
  try {
    return readSettings(settings)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    throw new UsageError(`${path}: ${error.message}`, undefined, { cause: error })
  }
}
