import { expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { runProgram } from './support/run-program.ts'

test('help and version are for standard output, and no command is an error', async () => {
  expect(await runProgram(['--version'])).toMatchObject({ code: 0, out: `${manifest.version}\n` })
  expect((await runProgram(['--help'])).out).toMatch(/audit \[paths\]/)
  expect((await runProgram([])).code).toBe(2)
})

test.each(['audit', 'explain'])('%s --help shows options, examples and exit codes', async (name) => {
  for (const argv of [
    [name, '--help'],
    ['help', name],
    [name, '-h'],
  ]) {
    const { code, out } = await runProgram(argv)
    expect(code).toBe(0)
    expect(out).toMatch(/Options\n[\s\S]*Examples\n[\s\S]*Exit code: 0/)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110)
  }
})

test.each([
  [['adit'], /There is no command "adit"\.\nDid you mean audit\?/],
  [['audit', '--formt', 'json'], /no option --formt\.\nDid you mean --format\?/],
  [['audit', '--format'], /--format needs a value: --format <name>/],
  [['audit', '--format', 'jsn'], /--format is "jsn"\.\nDid you mean json\?/],
  [['audit', '--quiet=yes'], /--quiet takes no value/],
])('%j is answered with what to write instead', async (argv, message) => {
  const { code, out, err } = await runProgram(argv)
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(message)
})
