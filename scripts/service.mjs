// `pnpm sitemap https://…` and its like: set up, then run the command line of a service with the pinned Node.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { SetupError, pinnedEnvironment, pinnedNode, root, runMain, setUp } from './setup.mjs'

const services = {
  batch: 'platform',
  chaos: 'platform',
  places: 'places-search',
  scan: 'page-scraper',
  sitemap: 'sitemap',
}

await runMain(async () => {
  const [command = '', ...rest] = process.argv.slice(2)
  const service = services[command]
  if (!service)
    throw new SetupError(`There is no service command '${command}'; there are ${Object.keys(services).join(', ')}.`)
  await setUp()
  const file = join(root, 'examples', service, 'src', 'commands', `${command}.ts`)
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
