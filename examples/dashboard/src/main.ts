/** What `npm start` runs; see `--help`. */
import { LaunchError } from './launch/launch-error.ts'
import { help, readOptions } from './launch/options.ts'

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args)
    if (options === 'help') {
      process.stdout.write(help)
      return 0
    }
    // Loaded only now: a mistake on the command line is answered at once.
    const { launch } = await import('./launch/launch.ts')
    return await launch(options)
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
}

process.exitCode = await main(process.argv.slice(2))
if (process.connected) process.disconnect()
