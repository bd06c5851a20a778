/**
 * What the services promise about their speed, in one table: the benchmarks of sitemaps, pages, batches and jobs one after
 * the other, each in a process of its own, and of each the rows that have a target.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type BenchReport, print } from './harness.ts'

const parts = ['services-sitemap', 'services-pages', 'services-batch', 'jobs']

async function run(name: string): Promise<BenchReport> {
  process.stderr.write(`bench ${name} …\n`)
  const file = join(import.meta.dirname, `${name}.ts`)
  const child = spawn(process.execPath, [...process.execArgv, file, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`The benchmark ${name} ended with ${String(code)}.`)
  return JSON.parse(said) as BenchReport
}

const reports: BenchReport[] = []
for (const part of parts) reports.push(await run(part))
print({
  name: 'services',
  machine: Object.assign({}, ...reports.map(({ machine }) => machine)) as BenchReport['machine'],
  cases: reports.flatMap(({ name, cases }) =>
    cases
      .filter(({ target }) => target !== undefined)
      .map((row) => ({ ...row, case: `${name.replace('services-', '')}: ${row.case}` })),
  ),
})
const missed = reports.flatMap(({ cases }) => cases.filter(({ ratio, target = 0 }) => ratio < target))
if (missed.length > 0) process.stderr.write(`Below its target: ${missed.map((row) => row.case).join('; ')}\n`)
process.exitCode = missed.length === 0 ? 0 : 1
