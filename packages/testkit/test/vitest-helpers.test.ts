import { useTestDatabase } from '@pooler-safe/tests/support'
import { describe, expect, test } from 'vitest'
import { assertClean, recordedBackends, withPooler } from '../src/vitest.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase()

describe('withPooler', () => {
  const pooler = withPooler({ upstream: () => database.directUrl, poolSize: 2, seed: 5 })

  test('gives a file a pooler that audits, and changes the backend with every transaction', async () => {
    const client = await RawClient.connect(pooler().url, { application_name: 'tested' })
    for (let round = 0; round < 3; round += 1) await client.ask(send.query('select 1'))
    await client.end()
    const pids = recordedBackends(pooler(), { applicationName: 'tested' })
    expect(pids).toHaveLength(3)
    expect(new Set(pids).size).toBeGreaterThan(1)
    await assertClean(pooler())
    expect(pooler().report().audit).toBe('every')
  })
})

describe('a file whose code is dirty', () => {
  const pooler = withPooler({ upstream: () => database.directUrl, seed: 5, assertsClean: false })

  test('fails with what was done, by whom, what to do instead, and how to replay it', async () => {
    const client = await RawClient.connect(pooler().url, { application_name: 'dirty' })
    await client.ask(send.query(`set app.tenant = 'acme'`))
    await client.end()
    await expect(assertClean(pooler())).rejects.toMatchObject({ code: 'violations-found' })
    const text = await assertClean(pooler()).catch((error: unknown) => (error as Error).message)
    for (const part of [`set app.tenant = 'acme'`, 'dirty (client 1)', 'session-set', 'SET LOCAL', 'seed 5']) {
      expect(text).toContain(part)
    }
    await assertClean(pooler(), { failOn: 'leak' }).then(
      () => expect.unreachable('a leak fails at every limit'),
      (error: unknown) => expect(error).toMatchObject({ code: 'violations-found' }),
    )
  })
})

describe('a pooler that is asked for too early', () => {
  const pooler = withPooler({ upstream: () => database.directUrl })
  let early: unknown
  try {
    pooler()
  } catch (error) {
    early = error
  }

  test('says from when on it exists', () => {
    expect(early).toMatchObject({ code: 'invalid-option', message: expect.stringContaining('from beforeAll on') })
  })
})
