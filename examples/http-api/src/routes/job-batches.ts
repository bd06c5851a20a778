import { z } from '@hono/zod-openapi'
import { accepted, created, ok, pageAnswer, shown } from '../http/answer.ts'
import { operation, type Operation } from '../http/operation.ts'
import { given, idParams, pageAndFilter, pageOfSchema, pageQuery } from '../schemas/common.ts'
import * as schemas from '../schemas/jobs.ts'
import { requireOwnType } from './jobs.ts'

const tag = 'Job batches'
const batchAnswer = { 200: { description: 'The batch as it is now.', schema: schemas.jobBatchSchema } }

export const jobBatchOperations: readonly Operation[] = [
  operation({
    id: 'listJobBatches',
    method: 'get',
    path: '/v1/job-batches',
    tag,
    summary: 'Batches of jobs, newest first',
    scope: 'jobs:read',
    query: pageQuery({}),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.jobBatchSchema), isPage: true } },
    async handle({ api, session, tenant, query, context }) {
      const { page } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.jobBatches.listBatches(session, tenant, page))
    },
  }),
  operation({
    id: 'createJobBatch',
    method: 'post',
    path: '/v1/job-batches',
    tag,
    summary: 'Makes a batch of jobs',
    scope: 'jobs:write',
    body: schemas.newJobBatchSchema,
    limit: 'list',
    answers: {
      201: { description: 'It takes jobs.', schema: schemas.jobBatchSchema, hasLocation: true },
      202: { description: 'Its jobs are queued.', schema: schemas.jobBatchSchema, hasLocation: true },
    },
    async handle({ api, session, tenant, body }) {
      for (const { type } of body.jobs ?? []) requireOwnType(type)
      const { jobs, ...rest } = body
      const { batch } = await api.platform.jobBatches.createBatch(session, tenant, {
        ...given(rest),
        ...(jobs ? { jobs: jobs.map((job) => ({ ...given(job), payload: job.payload })) } : {}),
      })
      return (jobs ? accepted : created)(`/v1/job-batches/${batch.id}`, shown(batch))
    },
  }),
  operation({
    id: 'getJobBatch',
    method: 'get',
    path: '/v1/job-batches/{id}',
    tag,
    summary: 'A batch of jobs',
    scope: 'jobs:read',
    params: idParams,
    answers: batchAnswer,
    async handle({ api, session, tenant, params }) {
      return ok(shown(await api.platform.jobBatches.getBatch(session, tenant, params.id)))
    },
  }),
  operation({
    id: 'listJobsOfBatch',
    method: 'get',
    path: '/v1/job-batches/{id}/jobs',
    tag,
    summary: 'The jobs of a batch, in the order they were added',
    scope: 'jobs:read',
    params: idParams,
    query: pageQuery({ state: schemas.jobState.optional() }),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.jobSchema), isPage: true } },
    async handle({ api, session, tenant, params, query, context }) {
      const { page, filter } = pageAndFilter(query)
      const { id } = await api.platform.jobBatches.getBatch(session, tenant, params.id)
      return pageAnswer(context, await api.platform.jobs.getJobsForBatch(session, tenant, id, page, filter))
    },
  }),
  operation({
    id: 'completeJobBatch',
    method: 'post',
    path: '/v1/job-batches/{id}/complete',
    tag,
    summary: 'Closes a batch: it takes no more jobs and ends with its last one',
    scope: 'jobs:write',
    params: idParams,
    // What is refused because jobs are left has closed the batch nevertheless: nothing may take that back.
    isIdempotent: false,
    answers: batchAnswer,
    errors: [409, 422],
    async handle({ api, session, tenant, params }) {
      return ok(shown(await api.platform.jobBatches.completeBatch(session, tenant, params.id)))
    },
  }),
  operation({
    id: 'failJobBatch',
    method: 'post',
    path: '/v1/job-batches/{id}/fail',
    tag,
    summary: 'Ends a batch as failed and cancels what has not ended',
    scope: 'jobs:write',
    params: idParams,
    body: z.strictObject({ errorCode: z.string().min(1).max(100), error: z.string().min(1).max(5_000) }),
    answers: batchAnswer,
    async handle({ api, session, tenant, params, body }) {
      return ok(shown(await api.platform.jobBatches.failBatch(session, tenant, params.id, body)))
    },
  }),
]
