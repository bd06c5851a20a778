// `pnpm prove [id …]`: takes the guards out one by one and shows which tests fail for it.
import { readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { SetupError, pinnedEnvironment, pinnedNode, root, run, runMain, setUp } from './setup.mjs'

const reportFile = join(root, 'node_modules', '.cache', 'pooler-safe', 'prove-report.json')

// A guard that is gone may leave a test waiting, and a few tests that miss it are enough.
const limits = ['--bail=5', '--testTimeout=10000', '--hookTimeout=20000']

/** Tests that fail with this mutation, at most a few. */
async function whatFails(tests, mutation) {
  rmSync(reportFile, { force: true })
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const { output } = await run(
    pinnedNode(),
    [vitest, 'run', ...limits, '--reporter=json', `--outputFile.json=${reportFile}`, ...tests],
    { capture: true, env: pinnedEnvironment(mutation ? { POOLER_SAFE_MUTATION: mutation } : {}) },
  )
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8'))
    return report.testResults.flatMap((file) =>
      file.assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName }) => `${relative(root, file.name)}: ${fullName}`),
    )
  } catch {
    throw new SetupError(`The run with mutation '${mutation ?? 'none'}' left no report:\n${output}`)
  }
}

await runMain(async () => {
  await setUp()
  const { mutations } = JSON.parse(
    (await run(pinnedNode(), ['test/proof/list.ts'], { capture: true, env: pinnedEnvironment() })).output,
  )
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((id) => !mutations.some((one) => one.id === id))
  if (unknown.length > 0) {
    throw new SetupError(`There is no mutation '${unknown[0]}'; there are ${mutations.map(({ id }) => id).join(', ')}.`)
  }
  const chosen = mutations.filter(({ id }) => wanted.length === 0 || wanted.includes(id))
  // A test that fails anyway proves nothing about a guard.
  const broken = await whatFails([...new Set(chosen.flatMap(({ tests }) => tests))])
  if (broken.length > 0) throw new SetupError(`These tests fail with every guard in place:\n${broken.join('\n')}`)
  let unnoticed = 0
  for (const mutation of chosen) {
    const failing = await whatFails(mutation.tests, mutation.id)
    const verdict =
      failing.length > 0 ? `caught by ${failing.length}${failing.length < 5 ? '' : ' or more'} test(s)` : 'NOT NOTICED'
    process.stdout.write(`${mutation.id}: ${mutation.removes} (${mutation.invariants.join(', ')}): ${verdict}\n`)
    for (const name of failing.slice(0, 5)) process.stdout.write(`    ${name}\n`)
    if (failing.length === 0) unnoticed += 1
  }
  process.stdout.write(
    `\n${unnoticed === 0 ? 'Every guard is missed when it is gone.' : `${unnoticed} guard(s) unproven.`}\n`,
  )
  return unnoticed === 0 ? 0 : 1
})
