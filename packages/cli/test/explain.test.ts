import { catalogue } from '@pooler-safe/hazards'
import { expect, test } from 'vitest'
import { runProgram } from './support/run-program.ts'

const explain = (...argv: string[]) => runProgram(['explain', ...argv])

test('every hazard is explained by its id, its code and its page', async () => {
  for (const { code, id, title } of catalogue) {
    for (const name of [id, code, `docs/hazards/${id}.md`]) {
      const { code: exit, out } = await explain(name)
      expect([exit, out.startsWith(title)]).toEqual([0, true])
    }
  }
})

test('a SQLSTATE lists what it is seen with', async () => {
  const { code, out } = await explain('26000')
  expect(code).toBe(0)
  expect(out).toMatch(/named-parse/)
  expect(out).toMatch(/unnamed-split/)
})

test('a SQLSTATE that poolers use for their own errors decides nothing', async () => {
  expect((await explain('XX000')).out).toMatch(/outcome\s+unknown/)
})

test.each([
  ['prepared statement "s1" does not exist', 'named-parse'],
  ['error: prepared statement "s1" already exists', 'named-parse'],
  ['FATAL 08P01: unsupported startup parameter: search_path', 'startup-param-rejected'],
  ['WARNING:  SET LOCAL can only be used in transaction blocks', 'set-local-outside-tx'],
  ['ERROR:  current transaction is aborted, commands ignored until end of transaction block', '25p02-cascade'],
])('the text "%s" is a symptom of %s', async (text, hazard) => {
  const { code, out } = await explain('--json', text)
  const { kind, leads } = JSON.parse(out) as { kind: string; leads: { hazard: { id: string } }[] }
  expect([code, kind, leads.map((lead) => lead.hazard.id).includes(hazard)]).toEqual([0, 'error', true])
})

test('an unknown text gets the nearest hazards, and exit code 1', async () => {
  const { code, out } = await explain('somebody else holds my advisory lock since the restart')
  expect(code).toBe(1)
  expect(out).toMatch(/not in the catalogue/)
  expect(out).toMatch(/advisory-session-lock/)
  const misspelt = await explain('sesion-set')
  expect(misspelt.out).toMatch(/session-set/)
  expect((await explain('qwrtz')).out).toMatch(/Nothing comes near/)
})

test('the text may come from standard input', async () => {
  const { out } = await runProgram(['explain'], { input: 'ERROR:  prepared statement "s1" does not exist\n' })
  expect(out).toMatch(/named-parse/)
  expect(await runProgram(['explain'], { input: ' ' })).toMatchObject({
    code: 2,
    err: expect.stringMatching(/Nothing to explain/),
  })
})

test('no text costs more than a moment', async () => {
  const started = performance.now()
  for (const text of ['a'.repeat(200_000), '('.repeat(50_000), 'prepared statement "'.repeat(5_000)]) {
    expect((await explain(text)).code).toBeLessThan(2)
  }
  expect(performance.now() - started).toBeLessThan(5_000)
})
