/** `pnpm batch file.csv`: a batch of the sites in a file, of any kind of item; see `--help`. */
import { runBatchCommand } from '@pooler-safe/example-batch-processor'
import { domainScanKind, domainScanProcessor } from '@pooler-safe/example-page-scraper'
import { migratePlatform } from '../migrate.ts'

process.exitCode = await runBatchCommand(process.argv.slice(2), {
  migrate: migratePlatform,
  processors: (http) => ({ [domainScanKind]: domainScanProcessor(http) }),
})
