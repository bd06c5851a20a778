import { findPgBouncer, hasContainerEngine } from '@pooler-safe/testkit'
import { accessSync, constants } from 'node:fs'

/** What this machine offers beyond PostgreSQL; tests that need one are skipped by name where it is missing. */
export interface Capabilities {
  readonly pgbouncer: boolean
  readonly docker: boolean
  readonly chromium: boolean
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The path of an installed Chromium; `POOLER_SAFE_CHROMIUM` names another. */
export function findChromium(): string | undefined {
  const given = process.env['POOLER_SAFE_CHROMIUM']
  return [given, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'].find(
    (file) => file !== undefined && isExecutable(file),
  )
}

/** What this machine offers, for `describe.skipIf(!capabilities.pgbouncer)`. */
export const capabilities: Capabilities = {
  pgbouncer: findPgBouncer() !== undefined,
  docker: await hasContainerEngine(300),
  chromium: findChromium() !== undefined,
}
