import { z } from '@hono/zod-openapi'
import type { Job } from '@pooler-safe/example-job-service'
import { isPublicId } from '@pooler-safe/example-foundation'
import { platformJobTypes } from '@pooler-safe/example-platform'
import { ApiError } from '../errors/api-error.ts'
import { problemOf } from '../errors/problem.ts'
import { ok, pageAnswer, shown } from '../http/answer.ts'
import { operation, type ApiRequest, type Operation } from '../http/operation.ts'
import {
  given,
  givenTime,
  idParams,
  pageAndFilter,
  pageOfSchema,
  pageQuery,
  count,
  wholeNumber,
} from '../schemas/common.ts'
import * as schemas from '../schemas/jobs.ts'

const tag = 'Jobs'
const filters = {
  state: schemas.jobState.optional(),
  type: z.string().min(1).max(63).optional(),
  domain: z.string().min(1).max(2_000).optional(),
  batchId: z.uuid().optional(),
}
const jobAnswer = { 200: { description: 'The job as it is now.', schema: schemas.jobSchema } }

/**
 * Jobs of the services are made together with what they work on; alone they would have nothing to do.
 *
 * @throws ApiError JOB_TYPE_INTERNAL
 */
export function requireOwnType(type: string): void {
  if (!Object.hasOwn(platformJobTypes, type)) return
  throw new ApiError('JOB_TYPE_INTERNAL', `Jobs of the type ${type} are not made by themselves.`, {
    hint: 'Make a batch, a scan or a search: it makes its job.',
  })
}

type Asked = Pick<ApiRequest<{ readonly id: string }, unknown, unknown>, 'api' | 'session' | 'tenant' | 'params'>

function findJob({ api, session, tenant, params }: Asked): Promise<Job> {
  const { jobs } = api.platform
  return isPublicId(params.id)
    ? jobs.getJobByPublicId(session, tenant, params.id)
    : jobs.getJob(session, tenant, params.id)
}

export const jobOperations: readonly Operation[] = [
  operation({
    id: 'listJobs',
    method: 'get',
    path: '/v1/jobs',
    tag,
    summary: 'Jobs, newest first',
    scope: 'jobs:read',
    query: pageQuery(filters),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.jobSchema), isPage: true } },
    errors: [404, 422],
    async handle({ api, session, tenant, query, context }) {
      const { page, filter } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.jobs.listJobs(session, tenant, filter, page))
    },
  }),
  operation({
    id: 'createJob',
    method: 'post',
    path: '/v1/jobs',
    tag,
    summary: 'Adds a job',
    description: 'With a `dedupeKey` that a live job has, that job is answered with 200.',
    scope: 'jobs:write',
    body: schemas.newJobSchema,
    answers: {
      200: { description: 'A live job with that key was there.', schema: schemas.jobSchema },
      202: { description: 'It is queued.', schema: schemas.jobSchema, hasLocation: true },
    },
    errors: [404],
    async handle({ api, session, tenant, body }) {
      requireOwnType(body.type)
      const { job, created: isNew } = await api.platform.jobs.createJob(session, tenant, {
        ...given(body),
        payload: body.payload,
      })
      return isNew ? { status: 202, location: `/v1/jobs/${job.id}`, body: shown(job) } : ok(shown(job))
    },
  }),
  operation({
    id: 'listPendingJobs',
    method: 'get',
    path: '/v1/jobs/pending',
    tag,
    summary: 'Jobs that wait, oldest first',
    scope: 'jobs:read',
    query: pageQuery({ type: filters.type, domain: filters.domain, batchId: filters.batchId }),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.jobSchema), isPage: true } },
    errors: [404, 422],
    async handle({ api, session, tenant, query, context }) {
      const { page, filter } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.jobs.getPendingJobs(session, tenant, filter, page))
    },
  }),
  operation({
    id: 'countJobs',
    method: 'get',
    path: '/v1/jobs/counts',
    tag,
    summary: 'How many jobs are in each state',
    scope: 'jobs:read',
    answers: { 200: { description: 'A count for each state.', schema: schemas.jobCountsSchema } },
    async handle({ api, tenant }) {
      const none = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 }
      return ok({ counts: { ...none, ...(await api.counts.of(tenant)) } })
    },
  }),
  operation({
    id: 'getJobActivity',
    method: 'get',
    path: '/v1/jobs/activity',
    tag,
    summary: 'What happened to jobs lately: ends over time, waiting, duration, workers, errors',
    scope: 'jobs:read',
    query: z.strictObject({
      minutes: wholeNumber(1, 10_080).optional().openapi({ description: 'Default 60.' }),
      steps: wholeNumber(1, 500).optional().openapi({ description: 'Default 60.' }),
    }),
    answers: { 200: { description: 'Of the last minutes.', schema: schemas.jobActivitySchema } },
    async handle({ api, session, tenant, query }) {
      return ok(await api.platform.jobs.getActivity(session, tenant, given(query)))
    },
  }),
  operation({
    id: 'deleteEndedJobs',
    method: 'delete',
    path: '/v1/jobs',
    tag,
    summary: 'Deletes jobs and job batches that ended long ago',
    scope: 'jobs:write',
    query: z.strictObject({ endedBefore: givenTime }),
    answers: { 200: { description: 'How many.', schema: z.strictObject({ jobs: count, batches: count }) } },
    async handle({ api, session, tenant, query }) {
      return ok(await api.platform.jobs.applyRetention(session, { tenant, endedBefore: query.endedBefore }))
    },
  }),
  operation({
    id: 'bulkJobs',
    method: 'post',
    path: '/v1/jobs/bulk',
    tag,
    summary: 'Cancels or retries many jobs',
    description: 'Each on its own: what is refused is told and stops nothing.',
    scope: 'jobs:write',
    body: schemas.bulkJobsSchema,
    answers: { 200: { description: 'What became of each.', schema: schemas.bulkJobsResultSchema } },
    async handle({ api, session, tenant, body, context }) {
      const { jobs } = api.platform
      const results = []
      for (const id of new Set(body.ids)) {
        try {
          const { state } =
            body.action === 'cancel'
              ? await jobs.cancelJob(session, tenant, id, body.reason)
              : await jobs.retryJob(session, tenant, id, body.reason)
          results.push({ id, state, code: null, detail: null })
        } catch (error) {
          const { problem } = problemOf(error, context.get('requestId'))
          if (problem.status >= 500) throw error
          results.push({ id, state: null, code: problem.code, detail: problem.detail })
        }
      }
      const refused = results.filter(({ state }) => state === null).length
      return ok({ done: results.length - refused, refused, results })
    },
  }),
  operation({
    id: 'getJob',
    method: 'get',
    path: '/v1/jobs/{id}',
    tag,
    summary: 'A job, by its id or its public id',
    scope: 'jobs:read',
    params: idParams,
    answers: jobAnswer,
    async handle(request) {
      return ok(shown(await findJob(request)))
    },
  }),
  operation({
    id: 'listJobEvents',
    method: 'get',
    path: '/v1/jobs/{id}/events',
    tag,
    summary: 'What happened to a job, oldest first',
    scope: 'jobs:read',
    params: idParams,
    answers: {
      200: { description: 'At most 1,000.', schema: z.strictObject({ items: z.array(schemas.jobEventSchema) }) },
    },
    async handle(request) {
      const { api, session, tenant } = request
      const { id } = await findJob(request)
      const events = await api.platform.jobs.getJobEvents(session, tenant, id)
      return ok({ items: events.map(shown) })
    },
  }),
  operation({
    id: 'cancelJob',
    method: 'post',
    path: '/v1/jobs/{id}/cancel',
    tag,
    summary: 'Cancels a job that waits, or asks one that runs to stop',
    scope: 'jobs:write',
    params: idParams,
    body: schemas.reasonSchema,
    answers: jobAnswer,
    async handle(request) {
      const { api, session, tenant, body } = request
      const { id } = await findJob(request)
      return ok(shown(await api.platform.jobs.cancelJob(session, tenant, id, body.reason)))
    },
  }),
  operation({
    id: 'retryJob',
    method: 'post',
    path: '/v1/jobs/{id}/retry',
    tag,
    summary: 'Queues a failed job again',
    scope: 'jobs:write',
    params: idParams,
    body: schemas.reasonSchema,
    answers: { 202: { description: 'It is queued.', schema: schemas.jobSchema, hasLocation: true } },
    async handle(request) {
      const { api, session, tenant, body } = request
      const { id } = await findJob(request)
      const job = await api.platform.jobs.retryJob(session, tenant, id, body.reason)
      return { status: 202, location: `/v1/jobs/${id}`, body: shown(job) }
    },
  }),
]
