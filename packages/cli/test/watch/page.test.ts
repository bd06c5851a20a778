import { useTestDatabase } from '@pooler-safe/tests/support'
import { catalogue } from '@pooler-safe/hazards'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { watchCommand } from '../../src/watch/watch-command.ts'
import { makeFolder, runProgram } from '../support/run-program.ts'

const database = useTestDatabase()
const docs = fileURLToPath(new URL('../../../../docs/', import.meta.url))
const page = readFileSync(`${docs}test-behind-a-pooler.md`, 'utf8')
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, 'gms'))].map(([, text]) => text ?? '')

/** The arguments of a command of the page, up to the command that it watches. */
function optionsIn(line: string): string[] {
  const [, own = ''] = /pooler-safe(?:\/cli)? watch(.*?) -- /.exec(line) ?? []
  return own.trim().split(/\s+/).filter(Boolean)
}

test('every option of the page exists, and every link leads somewhere', () => {
  const options = [...page.matchAll(/(?<![\w-])--([a-z][\w-]+)/g)].map(([, name]) => name ?? '')
  const foreign = ['no', 'health-cmd', 'health-interval', 'health-retries']
  for (const name of new Set(options))
    if (!foreign.includes(name)) expect(Object.keys(watchCommand.options)).toContain(name)
  for (const [, link = ''] of page.matchAll(/\]\(([^)#]+)\)/g)) expect(existsSync(`${docs}${link}`), link).toBe(true)
})

test('the allow-list of the page is one that watch takes, and names hazards of the catalogue', async () => {
  const [list = ''] = blocks('json')
  const hazards = (JSON.parse(list) as { hazard: string }[]).map(({ hazard }) => hazard)
  for (const hazard of hazards) expect(catalogue.some(({ id }) => id === hazard)).toBe(true)
  const folder = makeFolder({ 'allow.json': list })
  const ran = await runProgram(
    ['watch', '--allow', `${folder.path}/allow.json`, '--', 'psql', '-XAtc', `set work_mem to '9MB'`],
    { env: { PATH: process.env['PATH'], DATABASE_URL: database.directUrl } },
  )
  expect(ran.code).toBe(0)
})

test('the commands of the page run, and the one for CI leaves its report also when something was found', async () => {
  const [template = ''] = blocks('yaml')
  const step = template.split('\n').find((line) => line.includes('pooler-safe watch')) ?? ''
  const folder = makeFolder()
  const work = { env: { PATH: process.env['PATH'], DATABASE_URL: database.directUrl }, cwd: folder.path }
  const found = await runProgram(['watch', ...optionsIn(step), '--', 'psql', '-XAtc', `set work_mem to '9MB'`], work)
  expect(found.code).toBe(1)
  expect(folder.read('pooler.xml')).toContain('session-set')
  for (const line of blocks('sh').join('\n').split('\n')) {
    const options = optionsIn(line).map((one) => (one.startsWith('postgres://') ? database.directUrl : one))
    expect(await runProgram(['watch', ...options, '--', 'psql', '-XAtc', 'select 1'], work)).toMatchObject({
      code: 0,
      out: '1\n',
    })
  }
})
