// `pnpm bench <name> [--json]`: runs bench/<name>.ts with the pinned Node.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError, pinnedEnvironment, pinnedNode, root, run, runMain, setUp } from './setup.mjs'

await runMain(async () => {
  const [name, ...rest] = process.argv.slice(2)
  const names = readdirSync(join(root, 'bench'))
    .filter((file) => file.endsWith('.ts') && !['harness.ts', 'write-page.ts'].includes(file))
    .map((file) => file.slice(0, -3))
  if (!name || !existsSync(join(root, 'bench', `${name}.ts`))) {
    throw new SetupError(`Say which benchmark to run: pnpm bench ${names.join(' | ')}`)
  }
  await setUp()
  const { code } = await run(pinnedNode(), [join(root, 'bench', `${name}.ts`), ...rest], { env: pinnedEnvironment() })
  return code
})
