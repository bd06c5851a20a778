import { describe, expect, test } from 'vitest'
import {
  commonVariables,
  ConfigurationError,
  httpOptions,
  httpVariables,
  readConfiguration,
  wholeNumber,
} from '../src/index.ts'

const shape = { ...commonVariables, APP_LIMIT: wholeNumber(1, 10).optional().describe('how many at once') }
const url = 'postgres://user:password@pooler:6543/app'

function read(variables: Record<string, string | undefined>) {
  return readConfiguration({ shape, prefix: 'APP_', variables })
}

function problems(variables: Record<string, string | undefined>): readonly string[] {
  try {
    read(variables)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    const { code, message, problems: found } = error as ConfigurationError
    expect(code).toBe('CONFIGURATION_INVALID')
    for (const one of found) expect(message).toContain(one)
    return found
  }
}

describe('readConfiguration', () => {
  test('reads what is known, fills in defaults, and takes an empty value as none', () => {
    expect(read({ DATABASE_URL: url, APP_LIMIT: ' 7 ', DIRECT_DATABASE_URL: '', PATH: '/bin' })).toEqual({
      DATABASE_URL: url,
      LOG_LEVEL: 'info',
      APP_LIMIT: 7,
    })
  })

  test('refuses a variable that nobody reads, and says which one was meant', () => {
    expect(problems({ DATABASE_URL: url, APP_LIMTI: '5' })).toEqual([
      'APP_LIMTI is not known, and would be ignored. Did you mean APP_LIMIT?',
    ])
    expect(problems({ DATABASE_URL: url, APP_SOMETHING_ELSE: '5' })).toEqual([
      'APP_SOMETHING_ELSE is not known, and would be ignored. Remove it.',
    ])
  })

  test('lists everything that is wrong at once, each with what the variable is', () => {
    expect(problems({ APP_LIMIT: '11', APP_X: '1', LOG_LEVEL: 'loud' })).toEqual([
      expect.stringContaining('APP_X is not known'),
      'DATABASE_URL is missing. It is the URL of the transaction-mode pooler.',
      expect.stringMatching(/^LOG_LEVEL .*It is how much is logged\.$/),
      'APP_LIMIT is not a whole number from 1 to 10. It is how many at once.',
    ])
  })

  test.each(['mysql://x', 'pooler:6543', 'postgres://host:port/x', 'http://host/'])(
    'refuses %s as the URL of a database without repeating it',
    (given) => {
      const found = problems({ DATABASE_URL: given })
      expect(found[0]).toMatch(/^DATABASE_URL is not a URL such as postgres:\/\/user:password@host:6543\/database\./)
    },
  )

  test('does not repeat a value, which may be a secret', () => {
    const secret = 'hunter22'
    expect(
      problems({ DATABASE_URL: `mysql://u:${secret}@h/x`, APP_LIMIT: secret, LOG_LEVEL: secret }).join(),
    ).not.toContain(secret)
  })

  test.each(['0', '11', '-1', '1.5', '1e1', '0x5', 'five', 'NaN', '９'])('takes %s for no whole number', (given) => {
    expect(problems({ DATABASE_URL: url, APP_LIMIT: given })).toEqual([
      expect.stringContaining('APP_LIMIT is not a whole'),
    ])
  })
})

test('the HTTP client is set by variables; what is not given is left to it', () => {
  const read = (variables: Record<string, string>) =>
    httpOptions(readConfiguration({ shape: httpVariables, prefix: 'HTTP_', variables }))
  expect(read({})).toEqual({})
  expect(read({ HTTP_PER_HOST_DELAY_MS: '0', HTTP_USER_AGENT: 'me/1', HTTP_MAX_BYTES: '5' })).toEqual({
    perHostDelayMs: 0,
    userAgent: 'me/1',
    maxBytes: 5,
  })
  expect(() => read({ HTTP_PER_HOST_CONCURRENCY: '0' })).toThrow(/HTTP_PER_HOST_CONCURRENCY is not a whole number/)
  expect(() => read({ HTTP_ALLOW_LOOPBACK: '1' })).toThrow(/HTTP_ALLOW_LOOPBACK is not known/)
})
