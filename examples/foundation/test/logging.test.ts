import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLogger, loggerFor, redact, silentLogger, type Logger } from '../src/index.ts'

const secret = 'hunter22secret'

/** What a logger wrote while `log` ran. */
function logged(log: (logger: Logger) => void, level: 'info' | 'debug' = 'debug'): Record<string, unknown>[] {
  const lines: string[] = []
  log(createLogger({ name: 'test', level, stream: { write: (line) => void lines.push(line) } }))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('a log line', () => {
  test('is JSON with the name, the level and the properties', () => {
    expect(logged((logger) => logger.info({ job: 7 }, 'claimed'))).toEqual([
      expect.objectContaining({ name: 'test', level: 30, job: 7, msg: 'claimed' }),
    ])
    expect(logged((logger) => logger.debug('quiet'), 'info')).toEqual([])
    expect(silentLogger().isLevelEnabled('fatal')).toBe(false)
  })

  test('has no secret of a property with a telling name, down to the third depth', () => {
    const value = { password: secret, apiKey: secret, token: secret, authorization: secret, connectionString: secret }
    const lines = logged((logger) => {
      logger.info(value, 'flat')
      logger.info({ request: value }, 'one down')
      logger.info({ request: { headers: value } }, 'two down')
      logger.child({ options: value }).warn('child')
    })
    expect(lines).toHaveLength(4)
    expect(JSON.stringify(lines)).not.toContain(secret)
    expect(lines[0]).toMatchObject({ password: '***' })
  })

  test('has no key of a request header', () => {
    const headers = { 'x-goog-api-key': secret, 'X-Goog-Api-Key': secret, Authorization: secret, cookie: secret }
    const lines = logged((logger) => {
      logger.info(headers, 'flat')
      logger.info({ headers }, 'one down')
      logger.info({ request: { headers } }, 'two down')
      logger.info(`asked with pst_${'x'.repeat(43)} and AIza${'y'.repeat(35)}`)
    })
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${secret}|x{43}|y{35}`))
  })

  test('says which request or job it is about', () => {
    const lines = logged((logger) => {
      const forJob = loggerFor(logger, { jobId: 'job_1', tenantId: 'tenant_1' })
      forJob.info('started')
      loggerFor(forJob, { requestId: 'request_1' }).info({ pages: 3 }, 'asked')
    })
    expect(lines).toEqual([
      expect.objectContaining({ jobId: 'job_1', tenantId: 'tenant_1', msg: 'started' }),
      expect.objectContaining({ jobId: 'job_1', requestId: 'request_1', pages: 3 }),
    ])
  })

  test('has no secret of a message, of its arguments or of an error', () => {
    const url = `postgres://app:${secret}@db:5432/x`
    const error = Object.assign(new Error(`cannot connect to ${url}`), { detail: `token=${secret}` })
    const lines = logged((logger) => {
      logger.info(`connecting to ${url}`)
      logger.info('connecting to %s', url)
      logger.error({ err: error }, `failed: ${error.message}`)
      logger.error(error)
      logger.error({ err: error })
      logger.error(error, 'while reading %s', url)
    })
    const text = JSON.stringify(lines)
    expect(lines).toHaveLength(6)
    expect(text).not.toContain(secret)
    expect(text).toContain('postgres://app:***@db:5432/x')
    expect(lines[2]).toMatchObject({
      err: { type: 'Error', message: 'cannot connect to postgres://app:***@db:5432/x' },
    })
  })

  test('has no secret of the cause of an error either', () => {
    const cause = new Error(`postgres://app:${secret}@db/x refused`)
    const lines = logged((logger) => logger.error({ err: new Error('outer', { cause }) }, 'failed'))
    expect(JSON.stringify(lines)).toContain('refused')
    expect(JSON.stringify(lines)).not.toContain(secret)
  })
})

describe('redact', () => {
  test.each([
    ['postgres://u:p%40ss@h:1/d', 'postgres://u:***@h:1/d'],
    ['postgresql://:secret@h/d', 'postgresql://:***@h/d'],
    ['two postgres://a:b@c and redis://d:e@f', 'two postgres://a:***@c and redis://d:***@f'],
    ['PASSWORD=abc', 'PASSWORD=***'],
    ['{"api_key": "abc", "n": 1}', '{"api_key": "***", "n": 1}'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer ***'],
    ['sent Bearer abcdefghij', 'sent Bearer ***'],
    ['https://maps.example/?key=1&token=abc&x=2', 'https://maps.example/?key=1&token=***&x=2'],
  ])('%s becomes %s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  test('leaves texts alone that hold no secret', () => {
    for (const text of [
      'a host:port pair',
      'the token was refused',
      'postgres://host:5432/db',
      'user@example.com',
      '',
    ]) {
      expect(redact(text)).toBe(text)
    }
  })

  test('takes any password out of a URL, and doing it twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (given) => {
        const password = encodeURIComponent(`${given.toWellFormed()}§`)
        const once = redact(`cannot reach postgres://app:${password}@db:5432/x today`)
        expect(once).toBe('cannot reach postgres://app:***@db:5432/x today')
        expect(redact(once)).toBe(once)
      }),
    )
  })
})
