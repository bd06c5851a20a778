import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const examples = join(import.meta.dirname, '../..')
const data = mkdtempSync(join(tmpdir(), 'pooler-safe-commands-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function run(command: string, args: readonly string[], onErr?: (text: string) => void): Promise<Said> {
  const file = join(examples, command)
  const child = spawn(process.execPath, ['--conditions=@pooler-safe/source', file, ...args], {
    env: { PATH: process.env['PATH'], POOLER_SAFE_DATA: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
    onErr?.(said.err)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}

const scan = 'page-scraper/src/commands/scan.ts'
const sitemap = 'sitemap/src/commands/sitemap.ts'
const batch = 'platform/src/commands/batch.ts'
const places = 'places-search/src/commands/places.ts'

/** The lines that a README shows under a name; `…` stands for anything in a line. */
function shown(readme: string, name: string): RegExp[] {
  const text = readFileSync(join(examples, readme, 'README.md'), 'utf8')
  const block = new RegExp(`^\`\`\`text ${name}\n([^]*?)^\`\`\``, 'm').exec(text)?.[1]
  if (block === undefined) throw new Error(`The README of ${readme} shows no "${name}".`)
  return block
    .trimEnd()
    .split('\n')
    .map((line) => new RegExp(`^${line.split('…').map(escape).join('.*')}$`))
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

/** Every line that is shown was said, in that order. */
function expectShown(readme: string, name: string, said: string): void {
  const lines = said.replaceAll('\uFEFF', '').split(/\r?\n/)
  let at = 0
  for (const line of shown(readme, name)) {
    const found = lines.findIndex((one, index) => index >= at && line.test(one))
    expect(found, `${String(line)} in\n${said}`).toBeGreaterThanOrEqual(at)
    at = found + 1
  }
}

test('without DATABASE_URL and the Internet each command prints what its README shows', async () => {
  const scanned = await run(scan, ['--demo', 'tischlerei-lindner.example'])
  expect(scanned).toMatchObject({ code: 0, err: '' })
  expectShown('page-scraper', 'demo scan', scanned.out)
  expect(scanned.out.trimEnd().split('\n')).toHaveLength(shown('page-scraper', 'demo scan').length)

  const mapped = await run(sitemap, ['--demo'])
  expect(mapped.code).toBe(0)
  expectShown('sitemap', 'demo sitemap', mapped.out)
  expect(mapped.out.trimEnd().split('\n')).toHaveLength(shown('sitemap', 'demo sitemap').length)

  const searched = await run(places, ['--demo', 'Zahnarzt', '--near', 'Graz'])
  expect(searched.code).toBe(0)
  expectShown('places-search', 'demo places', searched.err + searched.out)
}, 60_000)

test('a batch is found again by a later command, and by one beside it: its data outlive the command', async () => {
  const states: Promise<Said>[] = []
  const ran = await run(batch, ['--demo', '--kind', 'domain-scan', '--max-pages', '3'], (err) => {
    const id = /^Batch (\S+):/m.exec(err)?.[1]
    if (id !== undefined && states.length === 0) states.push(run(batch, ['--demo', 'status', id]))
  })
  // Some of its sites cannot be read.
  expect(ran).toMatchObject({ code: 1, out: '' })
  expectShown('batch-processor', 'demo batch', ran.err)
  const id = /^Batch (\S+):/m.exec(ran.err)![1]!
  const [beside] = await Promise.all(states)
  expect(beside).toMatchObject({ code: 0 })
  expect(JSON.parse(beside!.out)).toMatchObject({ id, counts: { total: 29 } })

  const listed = await run(batch, ['--demo', 'list'])
  expect(listed.out).toMatch(new RegExp(`^${id} .* partial +23 \\+ 6 failed of 29`))
  const exported = await run(batch, ['--demo', 'export', id])
  expectShown('batch-processor', 'demo batch export', exported.out)
  // What is made up is kept apart.
  expect(await run(batch, ['list'])).toMatchObject({ code: 0, out: '' })
}, 60_000)

test('a database that cannot be opened is one line that says what to do', async () => {
  const child = spawn(process.execPath, ['--conditions=@pooler-safe/source', join(examples, batch), 'list'], {
    env: { PATH: process.env['PATH'], DIRECT_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/^batch: DIRECT_DATABASE_URL is set and DATABASE_URL is not\./),
  ])
})
