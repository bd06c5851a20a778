import { execFileSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { UsageError } from '../command-line/usage-error.ts'

const largestAnswer = 512 * 1024 * 1024

function git(folder: string, args: readonly string[]): string {
  return execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    maxBuffer: largestAnswer,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function paths(answer: string): string[] {
  return answer.split('\0').filter((path) => path !== '')
}

/** The files below a folder that git tracks or would track, absolute; nothing outside of a work tree. */
export function filesOfGit(folder: string): string[] | undefined {
  try {
    const listed = paths(git(folder, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']))
    // A folder that is ignored as a whole was meant by whoever named it.
    if (listed.length === 0 && git(folder, ['rev-parse', '--show-prefix']).trim() !== '') return undefined
    return [...new Set(listed)].map((path) => join(folder, path))
  } catch {
    return undefined
  }
}

function isWorkTree(folder: string): boolean {
  try {
    return git(folder, ['rev-parse', '--is-inside-work-tree']).trim() === 'true'
  } catch {
    return false
  }
}

/** The files that differ from a revision, and those that are new, absolute. Throws a `UsageError`. */
export function filesChangedSince(folder: string, revision: string): ReadonlySet<string> {
  try {
    const root = git(folder, ['rev-parse', '--show-toplevel']).trim()
    // What names no commit has to fail here: as an option it would mean something else to git.
    const commit = git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]).trim()
    const changed = paths(git(root, ['diff', '--name-only', '-z', '--diff-filter=d', commit]))
    const added = paths(git(root, ['ls-files', '-z', '--others', '--exclude-standard']))
    return new Set([...changed, ...added].map((path) => join(root, path)))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!missing && !isWorkTree(folder)) {
      throw new UsageError(
        `--changed-since needs a git work tree, and ${relative('', folder) || folder} is in none.`,
        'Leave it out, or run this in the repository.',
        { cause: error },
      )
    }
    throw new UsageError(
      missing
        ? '--changed-since needs git.'
        : `git knows no revision "${revision}" in ${relative('', folder) || folder}.`,
      'Give a branch, a tag or a commit that was fetched: --changed-since origin/main.',
      { cause: error },
    )
  }
}
