/** `pnpm chaos`: kills workers in the middle of a batch, and says whether anything was lost or done twice. */
import { parseArgs } from 'node:util'
import { explain, silentLogger } from '@pooler-safe/example-foundation'
import { formatAudits, startPostgres } from '@pooler-safe/testkit'
import { killWorkers } from '../chaos/kill-workers.ts'
import { migratePlatform } from '../migrate.ts'

const help = `pnpm chaos [options]

  --items <n>     sites of the demo world in the batch (2000)
  --rounds <n>    kills of a random worker (50)
  --seed <n>      the same seed kills in the same order (1)
  --workers <n>   worker processes at a time (3)

Ends with 0 when nothing was lost, nothing was done twice, and every backend is clean; else with 1.
`

async function main(args: string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args,
    options: { items: text, rounds: text, seed: text, workers: text, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help === true) {
    process.stdout.write(help)
    return 0
  }
  const number = (name: 'items' | 'rounds' | 'seed' | 'workers', usual: number): number => {
    const given = values[name]
    if (given !== undefined && !/^[1-9]\d{0,6}$/.test(given)) throw new TypeError(`--${name} is not a whole number.`)
    return given === undefined ? usual : Number(given)
  }
  const items = number('items', 2_000)
  const rounds = number('rounds', 50)
  const seed = number('seed', 1)
  const workers = number('workers', 3)
  await using postgres = await startPostgres()
  await migratePlatform(postgres.url, silentLogger())
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  say(`${items} sites, ${workers} workers, ${rounds} kills, seed ${seed}`)
  const started = performance.now()
  const result = await killWorkers({ directUrl: postgres.url, items, rounds, seed, workers, say })
  const { kills, counts, expected, runAgain, requests, wrong, audits } = result
  say(`ended after ${((performance.now() - started) / 1_000).toFixed(0)} s`)
  say(`kills: ${kills.all}, of them ${kills.ofHolder} of the worker of the batch`)
  say(`items: ${counts.succeeded} succeeded of ${expected.succeeded}, ${counts.failed} failed of ${expected.failed}`)
  say(`run again after a loss: ${runAgain}; requests: ${requests}`)
  for (const one of wrong.slice(0, 20)) say(`wrong: ${one}`)
  const dirty = audits.filter(({ clean }) => !clean)
  say(`backends audited: ${audits.length}, ${dirty.length === 0 ? 'all clean' : `${dirty.length} not clean`}`)
  if (dirty.length > 0) say(formatAudits(dirty))
  const isRight = wrong.length === 0 && dirty.length === 0 && audits.length > 0
  say(isRight ? 'Nothing was lost, and nothing was done twice.' : 'Something went wrong.')
  return isRight ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`chaos: ${explain(error)}\n`)
  process.exitCode = 1
}
