import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DemoError } from '../src/demo/demo-error.ts'
import { help, readOptions } from '../src/demo/options.ts'

describe('the command line of the demonstration', () => {
  test('no option: the documentation of this repository, one worker', () => {
    expect(readOptions([])).toMatchObject({
      folder: join(import.meta.dirname, '../../../docs'),
      workers: 1,
      concurrency: 4,
      json: false,
      keepOpen: false,
      pooler: undefined,
    })
  })

  test('numbers and URLs are read as they are given', () => {
    const args = ['--workers=3', '--concurrency', '8', '--pace', '0', '--port', '6000', '--direct-url', 'postgres://x']
    const expected = { workers: 3, concurrency: 8, paceMs: 0, port: 6000, directUrl: 'postgres://x' }
    expect(readOptions(args)).toMatchObject(expected)
  })

  test.each([
    [['--colour'], /^Unknown option '--colour'\. "npm run demo:jobs -- --help" lists the options\.$/],
    [['extra'], /extra.*--help/],
    [['--folder'], /--folder.*--help/],
    [['--folder', ''], /--folder is empty/],
    [['--json=yes'], /--json.*--help/],
    [['--workers', 'many'], /--workers is "many"; it has to be a whole number from 1 to 16/],
    [['--workers', '0'], /--workers is "0"/],
    [['--pace', '1.5'], /--pace is "1\.5"/],
    [['--port', '65536'], /--port is "65536"; it has to be a whole number from 1 to 65535/],
    [['--pooler', 'odyssey'], /--pooler is "odyssey"; it has to be one of pgbouncer, rotating, none/],
    [['--pooler', 'none', '--port', '6000'], /leave one out/],
    [['--database-url', 'postgres://x', '--pooler', 'rotating'], /leave one out/],
    [['--database-url', 'postgres://x', '--port', '6000'], /leave one out/],
    [['--json', '--keep-open'], /leave one out/],
  ])('%j is refused in one sentence', (args, sentence) => {
    expect(() => readOptions(args)).toThrow(DemoError)
    expect(() => readOptions(args)).toThrow(sentence)
    try {
      readOptions(args)
    } catch (error) {
      expect((error as Error).message).not.toContain('\n')
    }
  })

  test('--help wins over everything else, and names every option', () => {
    expect(readOptions(['--help', '--json'])).toBe('help')
    const options = ['folder', 'pooler', 'port', 'direct-url', 'database-url', 'workers', 'concurrency', 'pace', 'all']
    for (const name of [...options, 'json', 'keep-open', 'help']) expect(help).toContain(`  --${name} `)
    expect(Math.max(...help.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120)
  })
})
