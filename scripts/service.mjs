// `pnpm sitemap https://…`: set up, then run the command line of a service with the pinned Node.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pinnedEnvironment, pinnedNode, root, runMain, setUp } from './setup.mjs'

await runMain(async () => {
  const [service = '', ...rest] = process.argv.slice(2)
  await setUp()
  const file = join(root, 'examples', service, 'src', 'commands', `${service}.ts`)
  const child = spawn(pinnedNode(), [file, ...rest], { stdio: 'inherit', env: pinnedEnvironment() })
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
