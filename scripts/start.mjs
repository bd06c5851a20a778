// `npm start`: set up, then run the dashboard with the pinned Node.
import { join } from 'node:path'
import { root, runMain, runProgram, setUp } from './setup.mjs'

await runMain(async () => {
  await setUp()
  return runProgram(join(root, 'examples', 'dashboard', 'src', 'main.ts'), process.argv.slice(2), { tied: true })
})
