// `pnpm fuzz [frames] [seed]`: broken frames through the test pooler, a million if nothing else is said.
import { pinnedEnvironment, pinnedNode, run, runMain, setUp } from './setup.mjs'

await runMain(async () => {
  await setUp()
  const { code } = await run(pinnedNode(), ['test/fuzz/run.ts', ...process.argv.slice(2)], { env: pinnedEnvironment() })
  return code
})
