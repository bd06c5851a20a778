import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobStates, type Job, type JobFilter, type JobState } from '../src/index.ts'
import { claim } from '../src/worker/claim.ts'
import { useJobDatabase, useJobs } from './job-database.ts'

const database = useJobDatabase()
const jobs = useJobs(() => database.pooledUrl)
const failure = { attempt: 1, errorCode: 'x', error: 'x', retryable: false }

/** Forty jobs of different types, states, sites and batches, oldest first. */
async function variousJobs(): Promise<{ all: Job[]; batchId: string }> {
  const { service, tenant, database: session } = jobs
  const { batch } = await service.batches.createBatch(session, tenant, { kind: 'listed' })
  const made = await service.createJobs(
    session,
    tenant,
    Array.from({ length: 40 }, (_, n) => ({
      type: n % 2 === 0 ? 'other' : 'once',
      payload: n,
      ...(n % 3 === 0 ? { domain: 'www.example.com' } : {}),
      ...(n % 4 === 0 ? { batchId: batch.id } : {}),
    })),
  )
  const ids = made.map(({ job }) => job.id)
  for (const id of ids.slice(32)) await service.cancelJob(session, tenant, id)
  const request = { types: ['other', 'once'], limit: 24, worker: 'w', leaseMs: 600_000 }
  const { jobs: held } = await claim(session, service.queue, request, () => undefined)
  for (const { id } of held.slice(0, 8)) await service.completeJob(session, tenant, id, { attempt: 1 })
  for (const { id } of held.slice(8, 16)) await service.failJob(session, tenant, id, failure)
  const all: Job[] = []
  for (const id of ids) all.push(await service.getJob(session, tenant, id))
  return { all, batchId: batch.id }
}

test('every list is what the filter lets through, in its order, whatever the size of its pages', async () => {
  const { service, tenant, database: session } = jobs
  const { all, batchId } = await variousJobs()
  expect(new Set(all.map(({ state }) => state))).toEqual(new Set(jobStates))
  const filters: fc.Arbitrary<JobFilter> = fc.record(
    {
      state: fc.constantFrom(...jobStates),
      type: fc.constantFrom('other', 'once', 'trivial'),
      domain: fc.constantFrom('example.com', 'https://WWW.example.com/x', 'other.example'),
      batchId: fc.constant(batchId),
    },
    { requiredKeys: [] },
  )
  const fits = (job: Job, { state, type, domain, batchId: batch }: JobFilter): boolean =>
    (state === undefined || job.state === state) &&
    (type === undefined || job.type === type) &&
    (domain === undefined || job.domain === (domain === 'other.example' ? domain : 'example.com')) &&
    (batch === undefined || job.batchId === batch)

  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 1, max: 20 }), async (filter, limit) => {
      const listed: Job[] = []
      for (let after: string | undefined; ;) {
        const page = await service.listJobs(session, tenant, filter, { limit, after })
        expect(page.items.length).toBeLessThanOrEqual(limit)
        listed.push(...page.items)
        if (page.next === undefined) break
        after = page.next
      }
      expect(listed).toEqual(all.filter((job) => fits(job, filter)).reverse())

      const withoutState: JobFilter = Object.fromEntries(Object.entries(filter).filter(([key]) => key !== 'state'))
      const pending = await service.getPendingJobs(session, tenant, withoutState, { limit: 500 })
      expect(pending.items).toEqual(all.filter((job) => fits(job, { ...withoutState, state: 'queued' })))
      const { state } = filter
      const ofBatch = await service.getJobsForBatch(
        session,
        tenant,
        batchId,
        { limit: 500 },
        state === undefined ? {} : { state },
      )
      expect(ofBatch.items).toEqual(all.filter((job) => job.batchId === batchId && (state ?? job.state) === job.state))
    }),
    { numRuns: 60, seed: 3 },
  )
  expect(await service.getRecentJobs(session, tenant, 3)).toEqual([...all].reverse().slice(0, 3))
  expect(await service.getRecentJobs(session, tenant)).toHaveLength(20)
  const counts: Partial<Record<JobState, number>> = {}
  for (const { state } of all) counts[state] = (counts[state] ?? 0) + 1
  expect(await service.countJobs(session, tenant)).toEqual(counts)
})

test('a failed job is not retried while a live one has its key', async () => {
  const { service, tenant, database: session } = jobs
  const input = { type: 'trivial', payload: { n: 1 }, dedupeKey: 'only one' }
  const { job: first } = await service.createJob(session, tenant, input)
  await claim(session, service.queue, { types: ['trivial'], limit: 1, worker: 'w', leaseMs: 60_000 }, () => undefined)
  const failed = await service.failJob(session, tenant, first.id, failure)
  const { job: second, created } = await service.createJob(session, tenant, input)
  expect(created).toBe(true)
  await expect(service.retryJob(session, tenant, first.id)).rejects.toMatchObject({
    code: 'JOB_DUPLICATE',
    message: expect.stringContaining('"only one"'),
  })
  expect(await service.getJob(session, tenant, first.id)).toEqual(failed)
  await service.cancelJob(session, tenant, second.id)
  expect(await service.retryJob(session, tenant, first.id)).toMatchObject({ state: 'queued', failures: 0 })
})
