import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readOptions } from '../src/launch/options.ts'

test('without options it is a demo in a directory of the repository', () => {
  expect(readOptions([])).toEqual({
    dataDir: join(import.meta.dirname, '../../../.pooler-safe'),
    port: undefined,
    pooler: undefined,
    databaseUrl: undefined,
    directUrl: undefined,
    workers: 2,
    demo: true,
    once: false,
  })
})

test('help is asked for', () => {
  expect(readOptions(['--help'])).toBe('help')
  expect(readOptions(['-h'])).toBe('help')
})

test.each([
  [['--colour'], /^Unknown option '--colour'\. "npm start -- --help" lists the options\.$/],
  [['dashboard'], /'dashboard'.*--help/],
  [['--port', '0'], /--port is "0"; it has to be a whole number from 1 to 65535/],
  [['--port', '80 80'], /whole number/],
  [['--workers', '17'], /from 1 to 16/],
  [['--pooler', 'odyssey'], /one of pgbouncer, rotating/],
  [['--data-dir', ''], /is empty/],
  [['--database-url', 'postgres://a:hunter22@[/x'], /^--database-url is not a URL such as/],
  [['--direct-url', 'mysql://a:hunter22@host/x'], /^--direct-url is not a URL such as/],
  [['--database-url', 'postgres://h/x', '--pooler', 'rotating'], /leave one out/],
  [['--database-url', 'postgres://h/x', '--data-dir', 'x'], /leave one out/],
  [['--once', '--no-demo'], /leave one out/],
])('%j is refused in one sentence without secrets', (args, sentence) => {
  let message = ''
  try {
    readOptions(args)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toMatch(sentence)
  expect(message).not.toMatch(/hunter22|\n/)
})
