import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type { AuditReport } from '../../src/audit/report.ts'
import { makeFolder, runProgram } from '../support/run-program.ts'

const root = resolve(import.meta.dirname, '../../../..')

test('this repository has no finding, and says why where it allows one', async () => {
  const { code, out } = await runProgram(['audit', '--format', 'json'], { cwd: root })
  const { allowed, findings, notes, summary } = JSON.parse(out) as AuditReport
  expect(findings.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([])
  expect(notes).toEqual([])
  expect(code).toBe(0)
  // Not silent because it looked at nothing.
  expect(summary.operations).toBeGreaterThan(200)
  expect(new Set(allowed.map(({ file }) => file))).toEqual(
    new Set([
      'examples/job-service/src/demo/audit-given-pooler.ts',
      'packages/cli/src/doctor/probe-session.ts',
      'packages/pooler-safe/src/drop-in/slonik.ts',
    ]),
  )
}, 60_000)

/** Where each exception of the configuration can be seen to be needed. */
const needed: Readonly<Record<string, string>> = {
  'pooler-safe': 'examples/foundation/src',
  '**/packages/pooler-safe/src/**': 'packages/pooler-safe/src',
  '**/packages/testkit/src/**': 'packages/testkit/src',
  '**/packages/cli/src/doctor/**': 'packages/cli/src/doctor',
  '**/packages/pooler-safe/src/direct/**': 'packages/pooler-safe/src/direct',
  '**/test/**': 'packages/testkit/test',
  'bench/**': 'bench',
  '**/fixtures/**': 'packages/eslint-plugin/fixtures',
  'packages/hazards/src/catalogue/**': 'packages/hazards/src/catalogue',
  'examples/dashboard/src/pooler/hazard-trials.ts': 'examples/dashboard/src/pooler',
}

interface Configuration {
  readonly exclude: readonly string[]
  readonly sessionMode: { readonly files: readonly string[] }
  readonly wrapper: readonly string[]
}

const configuration = (await import(pathToFileURL(resolve(root, 'pooler-safe.config.mjs')).href)) as {
  readonly default: Configuration
}
const { exclude, sessionMode, wrapper } = configuration.default
const exceptions = [...exclude, ...sessionMode.files, ...wrapper]

test('the table names every exception', () => {
  expect(Object.keys(needed).sort()).toEqual([...new Set(exceptions)].sort())
})

// The wrapper is known by its name already; it is named so that the linter and the audit cannot differ.
test.each([...new Set(exceptions)].filter((one) => one !== 'pooler-safe'))('%s is still needed', async (glob) => {
  const without = (list: readonly string[]) => list.filter((one) => one !== glob)
  const settings = {
    exclude: without(exclude),
    sessionMode: { files: without(sessionMode.files) },
    wrapper: without(wrapper),
  }
  const folder = makeFolder({ 'config.json': JSON.stringify(settings) })
  const { code, out } = await runProgram(
    ['audit', '--format', 'json', '--config', `${folder.path}/config.json`, needed[glob] ?? ''],
    { cwd: root },
  )
  expect((JSON.parse(out) as AuditReport).findings.length).toBeGreaterThan(0)
  expect(code).toBe(1)
})
