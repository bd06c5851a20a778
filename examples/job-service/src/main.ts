/** What `npm run demo:jobs` runs; see `--help`. */
import { DemoError } from './demo/demo-error.ts'
import { help, readOptions } from './demo/options.ts'

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args)
    if (options !== 'help') {
      // Loaded only now: a mistake on the command line is answered at once.
      const { runDemo } = await import('./demo/run-demo.ts')
      return await runDemo(options)
    }
    process.stdout.write(help)
    return 0
  } catch (error) {
    if (!(error instanceof DemoError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
}

process.exitCode = await main(process.argv.slice(2))
