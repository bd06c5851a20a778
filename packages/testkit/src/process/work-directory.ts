import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestkitError } from '../testkit-error.ts'
import { runAs, type ServiceUser } from './service-user.ts'

/** True when the user can enter the directory and write there, all directories above it included. */
export function canWrite(directory: string, user: ServiceUser | undefined): boolean {
  if (process.platform === 'win32') return true
  const { status } = spawnSync('/bin/sh', ['-c', 'test -w "$1" && test -x "$1"', 'sh', directory], {
    ...runAs(user),
    cwd: '/',
    stdio: 'ignore',
  })
  return status === 0
}

/**
 * Makes a directory that the service user owns and reaches: a temporary directory below root's home would not do.
 * Throws `data-directory` when no place can be found.
 */
export function makeWorkDirectory(prefix: string, user: ServiceUser | undefined): string {
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    let directory: string
    try {
      directory = mkdtempSync(join(parent, prefix))
    } catch {
      continue
    }
    if (user) chownSync(directory, user.uid, user.gid)
    if (canWrite(directory, user)) return directory
    rmSync(directory, { recursive: true, force: true })
  }
  throw new TestkitError('data-directory', `No temporary directory can be written by ${user?.name ?? 'this user'}.`, {
    hint: 'Set TMPDIR to a directory that this account can enter and write.',
  })
}
