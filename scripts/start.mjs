// `npm start`: set up, then run the demonstration with the pinned Node.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pinnedEnvironment, pinnedNode, root, runMain, setUp } from './setup.mjs'

await runMain(async () => {
  await setUp()
  const main = join(root, 'examples', 'job-service', 'src', 'main.ts')
  const child = spawn(pinnedNode(), [main, ...process.argv.slice(2)], { stdio: 'inherit', env: pinnedEnvironment() })
  // A terminal sends Ctrl-C to the whole group; a supervisor signals only this process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (!process.stdin.isTTY || signal !== 'SIGINT') child.kill(signal)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal ? 130 : 0)))
  })
})
