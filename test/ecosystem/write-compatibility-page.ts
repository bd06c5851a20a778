/** Runs the suite, compares with `pg` itself, and writes the compatibility page and the records it is made of. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { compatibilityPage } from './compatibility-page.ts'
import type { LibraryRecord } from './record.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'pooler-safe-ecosystem-'))
try {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', 'test/ecosystem', '--exclude', '**/compatibility-page.test.ts'],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, POOLER_SAFE_ECOSYSTEM_RECORDS: folder },
    },
  )
  if (status !== 0) throw new Error('The suite failed; the page was not written.')
  const records = readdirSync(folder)
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as LibraryRecord)
  const write = async (file: string, text: string): Promise<void> => {
    writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }))
  }
  await write(join(import.meta.dirname, 'records.json'), JSON.stringify(records))
  await write(join(root, 'docs/compatibility.md'), compatibilityPage(records))
} finally {
  rmSync(folder, { recursive: true })
}
