// `pnpm sitemap https://…` and its like: set up, then run the command line of a service with the pinned Node.
import { join } from 'node:path'
import { SetupError, root, runMain, runProgram, setUp } from './setup.mjs'

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
  return runProgram(file, rest)
})
