// `npm start`: set up, then run the dashboard with the pinned Node. It runs from the sources, so nothing has to be built.
import { join } from 'node:path'
import { root, runMain, runProgram, setUp } from './setup.mjs'

await runMain(async () => {
  await setUp({ build: false })
  const main = join(root, 'examples', 'dashboard', 'src', 'main.ts')
  return runProgram(main, process.argv.slice(2), { tied: true, fromSource: true })
})
