import ignore from 'ignore'
import { readdirSync, readFileSync, realpathSync, statSync, type Dirent, type Stats } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { UsageError } from '../command-line/usage-error.ts'
import { configKindOf } from './config-files/config-kind.ts'
import { filesOfGit } from './git.ts'

const code = /\.(?:[cm]?[jt]s|[jt]sx)$/
const neverCode = /\.d\.[cm]?ts$/

/** What kind of reading a file needs; nothing for files that hold no operations. */
export function kindOf(path: string): 'code' | 'script' | 'config' | undefined {
  if (configKindOf(path) !== undefined) return 'config'
  if (path.endsWith('.sql')) return 'script'
  return code.test(path) && !neverCode.test(path) ? 'code' : undefined
}

/** Told about what was meant to be looked at and cannot be. */
export type OnSkipped = (path: string, why: string) => void

/** The files to audit, absolute, sorted. Throws a `UsageError` for a path that does not exist. */
export function listFiles(
  paths: readonly string[],
  cwd: string,
  exclude: readonly string[],
  onSkipped?: OnSkipped,
): readonly string[] {
  const excluded = ignore().add([...exclude])
  const found = new Set<string>()
  for (const given of paths.length === 0 ? ['.'] : paths) {
    const path = resolve(cwd, given)
    const stats = look(path, given)
    const files = stats.isDirectory() ? (filesOfGit(path) ?? walk(path, onSkipped)) : [path]
    if (!stats.isDirectory() && kindOf(path) === undefined)
      onSkipped?.(path, 'not read: no kind of file that is looked at')
    for (const file of files) if (kindOf(file) !== undefined && !isExcluded(file)) found.add(file)
  }
  return [...found].sort()

  function isExcluded(file: string): boolean {
    if (/[\\/]node_modules[\\/]/.test(file)) return true
    const name = relative(cwd, file).split(sep).join('/')
    return exclude.length > 0 && !name.startsWith('..') && !isAbsolute(name) && excluded.ignores(name)
  }
}

function look(path: string, given: string): Stats {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats) return stats
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`${given} cannot be looked at: ${code ?? String(error)}.`, undefined, { cause: error })
  }
  throw new UsageError(`There is no file or folder ${given}.`)
}

/** Everything below a folder that its `.gitignore` files leave, where git is not at hand. */
function walk(top: string, onSkipped: OnSkipped | undefined): string[] {
  const files: string[] = []
  const seen = new Set<string>()
  visit(top, [])
  return files

  function visit(folder: string, above: readonly (readonly [string, ReturnType<typeof ignore>])[]): void {
    // A link may lead back to where it is.
    const real = realpathSync(folder)
    if (seen.has(real)) return
    seen.add(real)
    const rules = [...above]
    try {
      rules.push([folder, ignore().add(readFileSync(join(folder, '.gitignore'), 'utf8'))])
    } catch {
      // Most folders have none.
    }
    for (const entry of entriesOf(folder, onSkipped)) {
      if (entry.name === 'node_modules' || entry.name === '.git') continue
      const path = join(folder, entry.name)
      const isFolder = entry.isDirectory()
      const isIgnored = rules.some(([base, rule]) => {
        const name = relative(base, path).split(sep).join('/')
        return rule.ignores(isFolder ? `${name}/` : name)
      })
      if (isIgnored) continue
      if (isFolder) visit(path, rules)
      else if (entry.isFile()) files.push(path)
    }
  }
}

function entriesOf(folder: string, onSkipped: OnSkipped | undefined): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    onSkipped?.(folder, `not read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
    return []
  }
}
