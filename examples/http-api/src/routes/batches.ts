import { z } from '@hono/zod-openapi'
import {
  csvLines,
  exportFormats,
  streamedTextLines,
  type InitiatedBatch,
  type NewBatch,
} from '@pooler-safe/example-batch-processor'
import { newId, type TenantId } from '@pooler-safe/example-foundation'
import type { ApiContext } from '../context.ts'
import { accepted, fileAnswer, fileTypes, ok, pageAnswer, shown, without, type Answer } from '../http/answer.ts'
import { mediaTypeOf } from '../http/body.ts'
import { operation, type Operation } from '../http/operation.ts'
import { streamed } from '../http/streamed.ts'
import * as schemas from '../schemas/batches.ts'
import {
  count,
  given,
  givenTime,
  idParams,
  numberedPageQuery,
  pageAndFilter,
  pageOfSchema,
  pageQuery,
  wholeNumber,
} from '../schemas/common.ts'

const tag = 'Batches'
const batchAnswer = { 200: { description: 'The batch as it is now.', schema: schemas.batchSchema } }
const itemFilter = { state: schemas.itemState.optional(), errorCode: z.string().min(1).max(100).optional() }

function initiated({ batch, report, created }: InitiatedBatch): Answer {
  return accepted(`/v1/batches/${batch.id}`, { batch: shownBatch(batch), report, created })
}

/** Takes back what an upload has made before it broke off. */
async function cancelUpload({ platform, logger }: ApiContext, tenant: TenantId, made: NewBatch): Promise<void> {
  const { batches, database } = platform
  try {
    // The key is known: this makes none.
    const { id } = await batches.createBatch(database, tenant, made)
    await batches.cancelBatch(database, tenant, id)
  } catch (error) {
    logger.warn({ err: error }, 'an upload that broke off could not be cancelled')
  }
}

function shownBatch(batch: InitiatedBatch['batch']): object {
  return without(shown(batch), 'idempotencyKey')
}

const makingOperations: readonly Operation[] = [
  operation({
    id: 'createBatch',
    method: 'post',
    path: '/v1/batches',
    tag,
    summary: 'Makes a batch of the sites in a list',
    description: 'All or nothing, of at most 200,000 lines. Lines that name no site are told, with the reason.',
    scope: 'batches:write',
    body: schemas.newBatchSchema,
    limit: 'list',
    answers: { 202: { description: 'It is queued.', schema: schemas.initiatedBatchSchema, hasLocation: true } },
    async handle({ api, session, tenant, body }) {
      const { domains, ...options } = body
      return initiated(await api.platform.batches.initiateBatchProcessing(session, tenant, domains, given(options)))
    },
  }),
  operation({
    id: 'uploadBatch',
    method: 'post',
    path: '/v1/batches/upload',
    tag,
    summary: 'Makes a batch of the sites in a file',
    description:
      'CSV, or text with a site in each line, read as it comes: any size up to 5,000,000 lines. Nothing is run before the last line was read. An upload that broke off is gone on with by sending it again with the same Idempotency-Key.',
    scope: 'batches:write',
    streamedBody: ['text/csv', 'text/plain'],
    isIdempotent: true,
    query: z.strictObject({
      kind: z.string().min(1).max(100).optional(),
      name: z.string().min(1).max(200).optional(),
      column: z.string().min(1).max(200).optional(),
      delimiter: z.enum([',', ';', '\t', '|']).optional(),
      maxConcurrent: wholeNumber(1, 1_000).optional(),
      maxPerDomain: wholeNumber(1, 1_000).optional(),
      itemTimeoutMs: wholeNumber(1, 3_600_000).optional(),
      maxAttempts: wholeNumber(1, 100).optional(),
      retryDelayMs: wholeNumber(0, 86_400_000).optional(),
      webhookUrl: z
        .url({ protocol: /^https?$/ })
        .max(2_000)
        .optional(),
    }),
    answers: { 202: { description: 'It is queued.', schema: schemas.initiatedBatchSchema, hasLocation: true } },
    async handle(request) {
      const { api, tenant, query, context } = request
      const { column, delimiter, ...options } = given(query)
      const isCsv = mediaTypeOf(context.req.raw) === 'text/csv'
      return streamed(request, api.limits.stream, async (body, useId) => {
        const lines = isCsv
          ? csvLines(body, {
              column: column !== undefined && /^\d+$/.test(column) ? Number(column) : column,
              delimiter,
            })
          : streamedTextLines(body)
        const { batches } = api.platform
        const idempotencyKey = `upload ${useId ?? newId()}`
        try {
          const { signal } = context.req.raw
          return initiated(
            await batches.importBatchWithOwnSession(tenant, lines, { ...options, signal, idempotencyKey }),
          )
        } catch (error) {
          // With a key of the client's it can be gone on with; without one nobody could.
          if (useId === undefined) await cancelUpload(api, tenant, { ...options, idempotencyKey })
          throw error
        }
      })
    },
  }),
]

const readingOperations: readonly Operation[] = [
  operation({
    id: 'listBatches',
    method: 'get',
    path: '/v1/batches',
    tag,
    summary: 'Batches, newest first',
    scope: 'batches:read',
    query: pageQuery({
      state: schemas.batchState.optional(),
      kind: z.string().min(1).max(100).optional(),
      host: z.string().min(1).max(2_000).optional(),
      createdFrom: givenTime.optional(),
      createdBefore: givenTime.optional(),
    }),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.batchSchema), isPage: true } },
    errors: [422],
    async handle({ api, session, tenant, query, context }) {
      const { page, filter } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.batches.listBatches(session, tenant, filter, page), shownBatch)
    },
  }),
  operation({
    id: 'getBatch',
    method: 'get',
    path: '/v1/batches/{id}',
    tag,
    summary: 'Everything about a batch, with a page of its items',
    scope: 'batches:read',
    params: idParams,
    query: numberedPageQuery(itemFilter),
    answers: { 200: { description: 'The batch as it is now.', schema: schemas.batchStatusSchema } },
    async handle({ api, session, tenant, params, query }) {
      const { page, filter } = pageAndFilter(query)
      const status = await api.platform.batches.getBatchStatus(session, tenant, params.id, page, filter)
      const { items, next } = status.items
      return ok({ ...shownBatch(status), items: { items, next: next === undefined ? null : String(next) } })
    },
  }),
  operation({
    id: 'getBatchProgress',
    method: 'get',
    path: '/v1/batches/{id}/progress',
    tag,
    summary: 'How far a batch is',
    scope: 'batches:read',
    params: idParams,
    answers: { 200: { description: 'Counts, share, rate and time left.', schema: schemas.batchProgressSchema } },
    async handle({ api, session, tenant, params }) {
      return ok(await api.platform.batches.getBatchProgress(session, tenant, params.id))
    },
  }),
  operation({
    id: 'listBatchItems',
    method: 'get',
    path: '/v1/batches/{id}/items',
    tag,
    summary: 'The items of a batch, in the order of the input',
    scope: 'batches:read',
    params: idParams,
    query: numberedPageQuery(itemFilter),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.batchItemSchema), isPage: true } },
    async handle({ api, session, tenant, params, query, context }) {
      const { page, filter } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.batches.listBatchItems(session, tenant, params.id, page, filter))
    },
  }),
  operation({
    id: 'listRejectedLines',
    method: 'get',
    path: '/v1/batches/{id}/rejects',
    tag,
    summary: 'The lines of the input that became no item, with the reason',
    scope: 'batches:read',
    params: idParams,
    query: numberedPageQuery({}),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.rejectedLineSchema), isPage: true } },
    async handle({ api, session, tenant, params, query, context }) {
      const { page } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.batches.listRejectedLines(session, tenant, params.id, page))
    },
  }),
  operation({
    id: 'exportBatch',
    method: 'get',
    path: '/v1/batches/{id}/export',
    tag,
    summary: 'A batch as a file',
    scope: 'batches:read',
    params: idParams,
    query: z.strictObject({ format: z.enum(exportFormats).default('csv') }),
    answers: {
      200: { description: 'All items.', types: [fileTypes.csv, fileTypes.json, fileTypes.ndjson] },
    },
    handle({ api, tenant, params, context, query: { format } }) {
      const { database, batches } = api.platform
      const parts = batches.exportBatch(database, tenant, params.id, format)
      return fileAnswer({ api, context }, parts, { type: fileTypes[format], name: `batch.${format}` })
    },
  }),
]

const steering = [
  ['pause', 'No item is begun from now on', 'pauseBatch'],
  ['resume', 'Goes on with a paused batch', 'resumeBatch'],
  ['cancel', 'Cancels every item that waits, and stops those that run', 'cancelBatch'],
] as const

const steeringOperations: readonly Operation[] = [
  ...steering.map(([verb, summary, id]) =>
    operation({
      id,
      method: 'post',
      path: `/v1/batches/{id}/${verb}`,
      tag,
      summary,
      scope: 'batches:write',
      params: idParams,
      answers: batchAnswer,
      async handle({ api, session, tenant, params }) {
        return ok(shownBatch(await api.platform.batches[id](session, tenant, params.id)))
      },
    }),
  ),
  operation({
    id: 'retryBatch',
    method: 'post',
    path: '/v1/batches/{id}/retry',
    tag,
    summary: 'Runs failed items again, all or those with one error',
    scope: 'batches:write',
    params: idParams,
    body: schemas.retryItemsSchema,
    answers: { 202: { description: 'They are queued.', schema: schemas.batchSchema, hasLocation: true } },
    async handle({ api, session, tenant, params, body }) {
      const batch = await api.platform.batches.retryFailedItems(session, tenant, params.id, given(body))
      return accepted(`/v1/batches/${batch.id}`, shownBatch(batch))
    },
  }),
  operation({
    id: 'deleteEndedBatches',
    method: 'delete',
    path: '/v1/batches',
    tag,
    summary: 'Deletes batches that ended long ago, at most 100 at once',
    scope: 'batches:write',
    query: z.strictObject({ endedBefore: givenTime }),
    answers: { 200: { description: 'How many.', schema: z.strictObject({ batches: count }) } },
    async handle({ api, session, tenant, query }) {
      const { batches } = api.platform
      return ok({ batches: await batches.deleteFinishedBatches(session, tenant, query.endedBefore) })
    },
  }),
]

export const batchOperations: readonly Operation[] = [...makingOperations, ...readingOperations, ...steeringOperations]
