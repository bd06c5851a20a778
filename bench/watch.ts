/**
 * How much slower a suite of two hundred tests is through `pooler-safe watch`, with every transaction audited, than
 * directly: whole runs from start to exit, in turns.
 */
import { startPostgres } from '@pooler-safe/testkit'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { machine, median, print } from './harness.ts'

const rounds = 7
const suite = fileURLToPath(new URL('watch/suite.ts', import.meta.url))
const program = fileURLToPath(new URL('../packages/cli/src/bin.ts', import.meta.url))
const runTests = [process.execPath, '--test', '--test-reporter=dot', suite]
const conditions = '--conditions=@pooler-safe/source'
const commands = {
  direct: runTests,
  watch: [process.execPath, conditions, program, 'watch', '--', ...runTests],
} as const

async function secondsOf(command: readonly string[], url: string): Promise<number> {
  const started = performance.now()
  const [file = '', ...args] = command
  const child = spawn(file, args, { env: { ...process.env, DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}:\n${said}`)
  return (performance.now() - started) / 1_000
}

await using postgres = await startPostgres()
await secondsOf(commands.direct, postgres.url)
const times = { direct: [] as number[], watch: [] as number[] }
for (let round = 0; round < rounds; round += 1) {
  for (const kind of round % 2 === 0 ? (['direct', 'watch'] as const) : (['watch', 'direct'] as const)) {
    times[kind].push(await secondsOf(commands[kind], postgres.url))
  }
}
const ratios = times.watch.map((time, round) => time / (times.direct[round] ?? Number.NaN))
print({
  name: 'watch',
  machine: machine({ postgres: postgres.version }),
  cases: [
    {
      case: 'a suite of 200 tests: watch / direct (at most 2)',
      ratio: median(ratios),
      unit: '× seconds',
      runs: rounds,
      spread: [Math.min(...ratios), Math.max(...ratios)],
    },
  ],
})
