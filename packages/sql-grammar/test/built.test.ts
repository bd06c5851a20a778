import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** Runs a program against the built packages, as a user of them would, and gives what it prints. */
function runProgram(program: string, ...options: string[]): unknown {
  const output = execFileSync(process.execPath, [...options, '-e', program], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
    env: {},
  })
  return JSON.parse(output)
}

const use = `
  const analysis = analyzeWithGrammar("select '😀', pg_advisory_lock(1)")
  console.log(JSON.stringify([analysis, analyzeBody('do $$ begin listen a; end $$').length, classifyAnalysis(analysis).length]))
`
const expected = [
  expect.objectContaining({ verdict: 'session', statements: [expect.objectContaining({ start: 0, end: 32 })] }),
  1,
  1,
]

describe('the built package', () => {
  it('works as an ES module', () => {
    const program = `
      import { analyzeBody, analyzeWithGrammar } from '@pooler-safe/sql-grammar'
      import { classifyAnalysis } from '@pooler-safe/hazards'
      ${use}`
    expect(runProgram(program, '--input-type=module')).toEqual(expected)
  })

  it('works with require, without waiting for anything', () => {
    const program = `
      const { analyzeBody, analyzeWithGrammar } = require('@pooler-safe/sql-grammar')
      const { classifyAnalysis } = require('@pooler-safe/hazards')
      ${use}`
    expect(runProgram(program, '--input-type=commonjs')).toEqual(expected)
  })
})
