import { storableText, newId, silentLogger } from '@pooler-safe/example-foundation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { JobServiceError, Worker, type JobTypes, type WorkerTuning } from '../src/index.ts'
import { checkJobTypes } from '../src/job-type.ts'
import { maxJsonBytes, requireStorable } from '../src/json.ts'
import { useJobDatabase, useJobs } from './job-database.ts'
import { checkTuning } from '../src/worker/options.ts'

const database = useJobDatabase()
const jobs = useJobs(() => database.pooledUrl)
const payload = z.unknown()

test('a job type with a bad name or limit is refused before anything is opened, and the message names it', () => {
  const cases: [JobTypes, RegExp][] = [
    [{ 'File Measure': { payload } }, /"File Measure" is not a name of a job type/],
    [{ '': { payload } }, /"" is not a name/],
    [{ [`a${'b'.repeat(63)}`]: { payload } }, /is not a name/],
    [{ a: { payload, maxAttempts: 0 } }, /a\.maxAttempts is not a whole number from 1 to 100/],
    [{ a: { payload, retryDelaySeconds: 0.5 } }, /a\.retryDelaySeconds/],
    [{ a: { payload, retryDelayMaxSeconds: Number.NaN } }, /a\.retryDelayMaxSeconds/],
    [{ a: { payload, timeoutMs: 13 * 3_600_000 } }, /a\.timeoutMs/],
  ]
  for (const [types, message] of cases) {
    expect(() => checkJobTypes(types)).toThrow(expect.objectContaining({ code: 'JOB_INPUT_INVALID' }))
    expect(() => checkJobTypes(types)).toThrow(message)
  }
  expect(checkJobTypes({ 'file.measure-2_x': { payload } }).get('file.measure-2_x')).toMatchObject({
    maxAttempts: 3,
    timeoutMs: 900_000,
  })
})

test('an option that a worker does not know or cannot use is refused, and the message names it', () => {
  const cases: [object, RegExp][] = [
    [{ concurency: 5 }, /"concurency" is not an option of a worker/],
    [{ concurrency: 0 }, /concurrency is not a whole number from 1 to 10000/],
    [{ pollMs: '5' }, /pollMs/],
    [{ keepFinishedMs: 0 }, /keepFinishedMs/],
    [{ leaseMs: 3_000, beatMs: 1_001 }, /more than a third of leaseMs/],
  ]
  for (const [tuning, message] of cases) expect(() => checkTuning(tuning as WorkerTuning)).toThrow(message)
  // A short lease alone is enough: the beat follows.
  expect(checkTuning({ leaseMs: 900 })).toMatchObject({ beatMs: 300 })
  const handlers = { unheard: () => Promise.resolve(null) }
  const options = { database: jobs.database, service: jobs.service, logger: silentLogger(), handlers }
  expect(() => Worker.start(options)).toThrow(/handler for "unheard", which is not a job type/)
})

test('every operation refuses what it cannot use with a typed error, before PostgreSQL does', async () => {
  const { service, tenant, database: session } = jobs
  const other = { type: 'other', payload: null } as const
  const { job } = await service.createJob(session, tenant, other)
  const cases: [() => Promise<unknown>, string][] = [
    [() => service.createJob(session, tenant, { ...other, dedupeKey: 'a\0b' }), 'JOB_INPUT_INVALID'],
    [() => service.createJob(session, tenant, { ...other, dedupeKey: '\ud800' }), 'JOB_INPUT_INVALID'],
    [() => service.createJob(session, tenant, { ...other, dedupeKey: 'x'.repeat(501) }), 'JOB_INPUT_INVALID'],
    [() => service.createJob(session, tenant, { ...other, scheduledAt: new Date(Number.NaN) }), 'JOB_INPUT_INVALID'],
    [() => service.createJob(session, tenant, { ...other, scheduledAt: new Date(8.64e15) }), 'JOB_INPUT_INVALID'],
    [
      () => service.createJob(session, tenant, { ...other, scheduledAt: 'tomorrow' as unknown as Date }),
      'JOB_INPUT_INVALID',
    ],
    [() => service.createJob(session, tenant, { ...other, domain: 'nul\0.example.com' }), 'HOST_INVALID'],
    [() => service.createJobForDomain(session, tenant, 'https:///', other), 'HOST_INVALID'],
    [() => service.getJobByPublicId(session, tenant, 'job_\0'), 'JOB_NOT_FOUND'],
    [() => service.getJobByPublicId(session, tenant, job.id), 'JOB_NOT_FOUND'],
    [() => service.getJobByPublicId(session, tenant, "job_' or true --------"), 'JOB_NOT_FOUND'],
    [() => service.getJobEvents(session, tenant, newId()), 'JOB_NOT_FOUND'],
    [() => service.listJobs(session, tenant, { type: 'a\0' }), 'JOB_INPUT_INVALID'],
    [() => service.listJobs(session, tenant, { state: 'done' as never }), 'JOB_INPUT_INVALID'],
    [() => service.listJobs(session, tenant, { batchId: 'x' }), 'BATCH_NOT_FOUND'],
    [() => service.listJobs(session, tenant, { domain: '' }), 'HOST_INVALID'],
    [() => service.listJobs(session, tenant, {}, { limit: 501 }), 'JOB_INPUT_INVALID'],
    [() => service.getRecentJobs(session, tenant, 0), 'JOB_INPUT_INVALID'],
    [() => service.getPendingJobs(session, tenant, {}, { after: 'x' }), 'JOB_INPUT_INVALID'],
    [() => service.updateJobStatus(session, tenant, job.id, { to: 'done' as never }), 'JOB_INPUT_INVALID'],
    [() => service.updateJobStatus(session, tenant, job.id, { to: 'running' }), 'JOB_TRANSITION_REFUSED'],
    [
      () => service.updateJobStatus(session, tenant, job.id, { to: 'cancelled', from: 'running' }),
      'JOB_TRANSITION_REFUSED',
    ],
    [() => service.updateProgress(session, tenant, job.id, { attempt: 0, done: -1 }), 'JOB_INPUT_INVALID'],
    [() => service.updateProgress(session, tenant, job.id, { attempt: 0, done: 1, total: 0.5 }), 'JOB_INPUT_INVALID'],
    [() => service.updateProgress(session, tenant, job.id, { attempt: 0, done: 1 }), 'JOB_TRANSITION_REFUSED'],
    [() => service.completeJob(session, tenant, job.id, { attempt: 0, result: '\0' }), 'JOB_RESULT_INVALID'],
    [() => service.completeJob(session, tenant, job.id, { attempt: 0, result: 1n }), 'JOB_RESULT_INVALID'],
    [() => service.completeJob(session, tenant, job.id, { attempt: Number.NaN }), 'JOB_INPUT_INVALID'],
    [() => service.failJob(session, tenant, job.id, { attempt: 0.5, errorCode: 'x', error: 'x' }), 'JOB_INPUT_INVALID'],
    [() => service.retryJob(session, tenant, job.id), 'JOB_TRANSITION_REFUSED'],
    [() => service.batches.getBatch(session, tenant, '\0'), 'BATCH_NOT_FOUND'],
  ]
  for (const [call, code] of cases) await expect(call(), call.toString()).rejects.toMatchObject({ code })
  expect(await service.getJob(session, tenant, job.id)).toEqual(job)
  await service.cancelJob(session, tenant, job.id)
})

test('cancelling twice does nothing; cancelling what has ended otherwise is refused', async () => {
  const { service, tenant, database: session } = jobs
  const { job } = await service.createJob(session, tenant, { type: 'once', payload: null })
  const cancelled = await service.cancelJob(session, tenant, job.id, 'nul \0 and \ud800')
  expect(await service.cancelJob(session, tenant, job.id)).toEqual(cancelled)
  const steps = await service.getJobEvents(session, tenant, job.id)
  expect(steps.map(({ reason }) => reason)).toEqual(['created', 'nul \ufffd and \ufffd'])
  await expect(service.retryJob(session, tenant, job.id)).rejects.toMatchObject({
    code: 'JOB_TRANSITION_REFUSED',
    hint: expect.any(String),
  })
})

test('a job is found by its public id, which says nothing about its id or its order', async () => {
  const { service, tenant, otherTenant, database: session } = jobs
  const { job } = await service.createJob(session, tenant, { type: 'once', payload: null })
  expect(job.publicId).toMatch(/^job_[\w-]{20}$/)
  expect(await service.getJobByPublicId(session, tenant, job.publicId)).toEqual(job)
  await expect(service.getJobByPublicId(session, otherTenant, job.publicId)).rejects.toMatchObject({
    code: 'JOB_NOT_FOUND',
  })
})

test('a value is storable exactly when PostgreSQL can store it as jsonb', async () => {
  const strings = fc.string({ unit: fc.constantFrom('a', '\\', 'u', '0', '"', '\0', '\ud800', '\udc00', '🙂') })
  const values = fc.sample(fc.oneof(strings, fc.array(strings), fc.dictionary(strings, strings)), {
    numRuns: 300,
    seed: 5,
  })
  for (const value of values) {
    const text = JSON.stringify(value)
    const stores = await database.query('select $1::jsonb', [text]).then(
      () => true,
      () => false,
    )
    let passes = true
    try {
      requireStorable(value, 'value', 'JOB_PAYLOAD_INVALID')
    } catch (error) {
      expect(error).toBeInstanceOf(JobServiceError)
      passes = false
    }
    expect([text, passes]).toEqual([text, stores])
  }
  expect(() => requireStorable('x'.repeat(maxJsonBytes - 1), 'value', 'JOB_RESULT_INVALID')).toThrow(/bytes/)
  expect(() => requireStorable('x'.repeat(maxJsonBytes - 2), 'value', 'JOB_RESULT_INVALID')).not.toThrow()
})

test('a text for people is made storable and of bounded length, also where that cuts a character in two', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, length) => {
      const stored = storableText(text, length)
      expect(stored.isWellFormed()).toBe(true)
      expect(stored).not.toContain('\0')
      expect(stored.length).toBeLessThanOrEqual(length)
    }),
  )
  expect(storableText('ab🙂', 3)).toBe('ab\ufffd')
})
