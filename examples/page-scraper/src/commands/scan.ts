/** `pnpm scan https://…`: scans sites and says what they are; see `--help`. */
import { explain } from '@pooler-safe/example-foundation'
import { formatReport } from './report.ts'
import { runScanCommand } from './run-scan-command.ts'
import { help, readOptions } from './scan-options.ts'

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (options === 'help') {
    process.stdout.write(help)
    return 0
  }
  const unread: string[] = []
  await runScanCommand(options, (report) => {
    if (!report.found) unread.push(report.url)
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : formatReport(report))
  })
  return unread.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`scan: ${explain(error)}\n`)
  process.exitCode = 2
}
