// `npm test`: set up, check, run every test. The last line is the count of the test runner's own report.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { check } from './check.mjs'
import { pinnedEnvironment, pinnedNode, root, run, runMain, setUp } from './setup.mjs'

const reportFile = join(root, 'node_modules', '.cache', 'pooler-safe', 'test-report.json')

function readReport() {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8'))
  } catch {
    return undefined
  }
}

/** Names every test that did not run, so that a missing capability is seen. */
function listSkipped(report) {
  const skipped = report.testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status === 'pending' || status === 'skipped' || status === 'todo')
      .map(({ fullName }) => `  ${relative(root, file.name)}: ${fullName}`),
  )
  if (skipped.length > 0) process.stdout.write(`\nSkipped:\n${skipped.join('\n')}\n`)
}

function count(report, exitCode) {
  const skipped = report.numPendingTests + report.numTodoTests
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  ).length
  const failed = report.numFailedTests + brokenFiles
  // A run that fails as a whole (a leak found after the last test) counts as a failure of its own.
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed, skipped }
}

/** Tests that run once more, every transaction of theirs judged by the shared pooler. POOLER_SAFE_JUDGE=1 judges any run. */
const judged = ['session/transaction.test.ts', 'pool/release.test.ts', 'settings'].map(
  (name) => `packages/pooler-safe/test/${name}`,
)

async function judgeSlice() {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const env = pinnedEnvironment({ POOLER_SAFE_JUDGE: '1' })
  const { code } = await run(pinnedNode(), [vitest, 'run', '--reporter=dot', ...judged], { env })
  if (code !== 0)
    process.stdout.write('\nThe judged tests failed, or left something that nobody explained; see above.\n')
  return code === 0
}

await runMain(async () => {
  await setUp()
  const failedChecks = await check()
  rmSync(reportFile, { force: true })
  mkdirSync(dirname(reportFile), { recursive: true })
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  const { code } = await run(pinnedNode(), [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    env: pinnedEnvironment(),
  })
  const isWhole = process.argv.length === 2
  const isJudgedWell = !isWhole || (await judgeSlice())
  const report = readReport()
  if (!report) {
    process.stdout.write('\nThe test runner left no report.\n0 passed, 1 failed, 0 skipped\n')
    return 1
  }
  listSkipped(report)
  const { passed, failed, skipped } = count(report, code === 0 && !isJudgedWell ? 1 : code)
  if (failedChecks > 0) process.stdout.write(`\n${failedChecks} of the checks before the tests failed; see above.\n`)
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  return code === 0 && isJudgedWell && failed === 0 && failedChecks === 0 && passed > 0 ? 0 : 1
})
