import { z } from '@hono/zod-openapi'
import type { Scan } from '@pooler-safe/example-page-scraper'
import { accepted, ok, pageAnswer, shown } from '../http/answer.ts'
import { operation, type Operation } from '../http/operation.ts'
import { given, hostParams, idParams, pageAndFilter, pageOfSchema, pageQuery } from '../schemas/common.ts'
import * as schemas from '../schemas/scans.ts'

const tag = 'Domain scans'

export const scanOperations: readonly Operation[] = [
  operation({
    id: 'createScan',
    method: 'post',
    path: '/v1/scans',
    tag,
    summary: 'Scans a site',
    description: 'A site that is being scanned already is not scanned twice: that scan is answered.',
    scope: 'scans:write',
    body: schemas.newScanSchema,
    answers: { 202: { description: 'It is queued.', schema: schemas.initiatedScanSchema, hasLocation: true } },
    async handle({ api, session, tenant, body }) {
      const scan = await api.platform.pages.initiateDomainScan(session, tenant, given(body))
      const location = `/v1/scans/${scan.scanId}`
      return accepted(location, { ...scan, statusUrl: location })
    },
  }),
  operation({
    id: 'listScans',
    method: 'get',
    path: '/v1/scans',
    tag,
    summary: 'Scans, newest first',
    scope: 'scans:read',
    query: pageQuery({ url: z.string().min(1).max(2_000).optional(), batchId: z.uuid().optional() }),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.scanSchema), isPage: true } },
    errors: [422],
    async handle({ api, session, tenant, query, context }) {
      const { page, filter } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.pages.listScans(session, tenant, filter, page))
    },
  }),
  operation({
    id: 'getScan',
    method: 'get',
    path: '/v1/scans/{id}',
    tag,
    summary: 'A scan, its site, and what is known there',
    scope: 'scans:read',
    params: idParams,
    answers: { 200: { description: 'Pages, contacts and technologies.', schema: schemas.scanDetailsSchema } },
    async handle({ api, session, tenant, params }) {
      const details = await api.platform.pages.getScan(session, tenant, params.id)
      return ok({ ...details, scan: shown(details.scan), domain: shown(details.domain) })
    },
  }),
  operation({
    id: 'diffScan',
    method: 'get',
    path: '/v1/scans/{id}/diff',
    tag,
    summary: 'How a site has changed since an earlier scan',
    scope: 'scans:read',
    params: idParams,
    query: z.strictObject({
      since: z.uuid().optional().openapi({ description: 'The earlier scan. Default: the one before.' }),
    }),
    answers: { 200: { description: 'What is different.', schema: schemas.siteDiffSchema } },
    errors: [409, 422],
    async handle({ api, session, tenant, params, query }) {
      const { since } = query
      const wanted = { scanId: params.id, ...(since === undefined ? {} : { previousScanId: since }) }
      return ok(await api.platform.pages.diffScans(session, tenant, wanted))
    },
  }),
  operation({
    id: 'createScanBatch',
    method: 'post',
    path: '/v1/scan-batches',
    tag,
    summary: 'Scans several sites as one batch',
    scope: 'scans:write',
    body: schemas.newScanBatchSchema,
    limit: 'list',
    answers: { 202: { description: 'They are queued.', schema: schemas.scanBatchSchema, hasLocation: true } },
    async handle({ api, session, tenant, body }) {
      const batch = await api.platform.pages.initiateBatchScan(session, tenant, given(body))
      const location = `/v1/scan-batches/${batch.batchId}`
      const scans = batch.scans.map((scan) => ({ ...scan, statusUrl: `/v1/scans/${scan.scanId}` }))
      return accepted(location, { ...batch, statusUrl: location, scans })
    },
  }),
  operation({
    id: 'getScanBatch',
    method: 'get',
    path: '/v1/scan-batches/{id}',
    tag,
    summary: 'A batch of scans, with a page of them',
    scope: 'scans:read',
    params: idParams,
    query: pageQuery({}),
    answers: { 200: { description: 'The batch as it is now.', schema: schemas.scanBatchStatusSchema } },
    async handle({ api, session, tenant, params, query }) {
      const { page } = pageAndFilter(query)
      const status = await api.platform.pages.getBatchStatus(session, tenant, params.id, page)
      const { items, next } = status.scans
      return ok({ ...status, scans: { items: items.map((scan: Scan) => shown(scan)), next: next ?? null } })
    },
  }),
  operation({
    id: 'listDomains',
    method: 'get',
    path: '/v1/domains',
    tag,
    summary: 'Sites, newest first',
    scope: 'scans:read',
    query: pageQuery({}),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.domainSchema), isPage: true } },
    async handle({ api, session, tenant, query, context }) {
      const { page } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.pages.listDomains(session, tenant, page))
    },
  }),
  operation({
    id: 'getDomain',
    method: 'get',
    path: '/v1/domains/{host}',
    tag,
    summary: 'A site by any spelling of its name, with contacts and technologies',
    scope: 'scans:read',
    params: hostParams,
    answers: { 200: { description: 'The site.', schema: schemas.domainDetailsSchema } },
    errors: [422],
    async handle({ api, session, tenant, params }) {
      const details = await api.platform.pages.getDomain(session, tenant, params.host)
      return ok({ ...details, domain: shown(details.domain) })
    },
  }),
]
