// `pnpm scan https://…`: set up, then scan sites with the pinned Node.
import { join } from 'node:path'
import { pinnedEnvironment, pinnedNode, root, run, runMain, setUp } from './setup.mjs'

await runMain(async () => {
  await setUp()
  const command = join(root, 'examples', 'page-scraper', 'src', 'commands', 'scan.ts')
  const { code } = await run(pinnedNode(), [command, ...process.argv.slice(2)], { env: pinnedEnvironment() })
  return code
})
