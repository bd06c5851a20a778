// `pnpm check`: everything that can be said about the code without running it. Part of `npm test`.
import { existsSync, readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pinnedEnvironment, root, run, runMain, setUp } from './setup.mjs'

const published = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'tsup.config.ts')),
)

const checks = [
  { name: 'types (tsc)', command: ['tsc', '-p', 'tsconfig.json'] },
  {
    name: 'lint (eslint)',
    command: ['eslint', '.', '--max-warnings', '0', '--cache', '--cache-location', 'node_modules/.cache/eslint/'],
  },
  { name: 'format (prettier)', command: ['prettier', '--check', '.', '--log-level', 'warn', '--cache'] },
  { name: 'unused code and dependencies (knip)', command: ['knip', '--no-progress'] },
  ...published.flatMap((name) => [
    { name: `package ${name} (publint)`, command: ['publint', `packages/${name}`, '--strict', '--pack', 'npm'] },
    {
      name: `types of ${name} for every resolver (attw)`,
      command: ['attw', '--pack', `packages/${name}`, '--profile', 'node16'],
    },
  ]),
]

/** Runs the checks, as many at a time as there are cores; prints the output of those that fail. */
export async function check() {
  const waiting = [...checks]
  let failed = 0
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const started = Date.now()
      const [tool, ...args] = next.command
      const result = await run(tool, args, { capture: true, env: pinnedEnvironment({ FORCE_COLOR: '0' }) })
      const took = `${((Date.now() - started) / 1000).toFixed(1)} s`
      process.stdout.write(`${result.code === 0 ? 'ok  ' : 'FAIL'} ${next.name} (${took})\n`)
      if (result.code === 0) continue
      failed += 1
      process.stdout.write(`${result.output.trimEnd()}\n`)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(4, cpus().length)) }, lane))
  return failed
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    await setUp()
    return (await check()) === 0 ? 0 : 1
  })
}
