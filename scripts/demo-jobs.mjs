// `npm run demo:jobs`: set up, then run the demonstration of the job service with the pinned Node.
import { join } from 'node:path'
import { root, runMain, runProgram, setUp } from './setup.mjs'

await runMain(async () => {
  await setUp()
  return runProgram(join(root, 'examples', 'job-service', 'src', 'main.ts'), process.argv.slice(2))
})
