import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface GitState {
  /** Files with changes that no commit has, absolute. */
  readonly dirty: readonly string[]
  /** Files that no git work tree holds, absolute. */
  readonly outside: readonly string[]
}

/** Which of some files could not be brought back by git as they are. */
export function gitState(files: readonly string[]): GitState {
  const dirty: string[] = []
  const outside: string[] = []
  const byRoot = new Map<string, string[]>()
  const roots = new Map<string, string | undefined>()
  for (const file of files) {
    const folder = dirname(realpathSync(file))
    if (!roots.has(folder)) roots.set(folder, rootOf(folder))
    const root = roots.get(folder)
    if (root === undefined) outside.push(file)
    else byRoot.set(root, [...(byRoot.get(root) ?? []), file])
  }
  for (const [root, own] of byRoot) {
    const changed = changedIn(root)
    dirty.push(...own.filter((file) => changed(realpathSync(file))))
  }
  return { dirty, outside }
}

function rootOf(folder: string): string | undefined {
  try {
    return realpathSync(git(folder, ['rev-parse', '--show-toplevel']).replace(/\r?\n$/, ''))
  } catch {
    return undefined
  }
}

/** Changed, staged, untracked and ignored files: of none of them git has a copy. */
function changedIn(root: string): (file: string) => boolean {
  const status = git(root, [
    'status',
    '--porcelain=v1',
    '-z',
    '--no-renames',
    '--untracked-files=all',
    '--ignored=matching',
  ])
  const entries = status.split('\0').filter((entry) => entry !== '')
  const paths = new Set(entries.map((entry) => join(root, entry.slice(3))))
  const folders = [...paths].filter((path) => path.endsWith('/'))
  return (file) => paths.has(file) || folders.some((folder) => file.startsWith(folder))
}

function git(folder: string, args: readonly string[]): string {
  return execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    maxBuffer: 512 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
