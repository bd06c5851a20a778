import { execFile } from 'node:child_process'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test('I9: a process that forces pg’s native bindings is refused at construction, with what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pooler-safe-native-'))
  try {
    // Stands in for libpq alone: the native client of pg itself is the real one.
    await mkdir(join(folder, 'pg-native'))
    await writeFile(join(folder, 'pg-native', 'index.js'), 'module.exports = class extends require("events") {}')
    const program = `
      import { SafeClient, SafePool, createDatabase } from 'pooler-safe'
      const url = 'postgres://app@localhost/shop'
      const tries = [() => new SafeClient(url), () => new SafePool({ connectionString: url }), () => createDatabase({ url })]
      const codes = tries.map((attempt) => { try { attempt(); return 'none' } catch (error) { return error.code + ': ' + error.hint } })
      process.stdout.write(JSON.stringify(codes))`
    const { stdout } = await run(
      process.execPath,
      ['--conditions=@pooler-safe/source', '--input-type=module', '--eval', program],
      { cwd: import.meta.dirname, env: { ...process.env, NODE_PG_FORCE_NATIVE: '1', NODE_PATH: folder } },
    )
    const codes = JSON.parse(stdout) as string[]
    expect(codes).toHaveLength(3)
    for (const code of codes) {
      expect(code).toMatch(/^POOLER_SAFE_NATIVE_BINDINGS/)
      expect(code).toMatch(/NODE_PG_FORCE_NATIVE/)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
