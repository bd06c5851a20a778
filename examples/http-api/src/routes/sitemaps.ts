import { z } from '@hono/zod-openapi'
import { exportFormats } from '@pooler-safe/example-sitemap'
import { accepted, fileAnswer, fileTypes, ok, pageAnswer, shown } from '../http/answer.ts'
import { operation, type Operation } from '../http/operation.ts'
import { given, hostParams, idParams, pageAndFilter, pageOfSchema, pageQuery } from '../schemas/common.ts'
import * as schemas from '../schemas/sitemaps.ts'

const tag = 'Sitemaps'

export const sitemapOperations: readonly Operation[] = [
  operation({
    id: 'createSitemapScan',
    method: 'post',
    path: '/v1/sitemap-scans',
    tag,
    summary: 'Scans the sitemaps of a site',
    description: 'A site that is being scanned already is not scanned twice: that scan is answered.',
    scope: 'sitemaps:write',
    body: schemas.newSitemapScanSchema,
    answers: { 202: { description: 'It is queued.', schema: schemas.initiatedSitemapScanSchema, hasLocation: true } },
    async handle({ api, session, tenant, body }) {
      const scan = await api.platform.sitemaps.initiateSitemapScan(session, tenant, given(body))
      return accepted(`/v1/sitemap-scans/${scan.scanId}`, scan)
    },
  }),
  operation({
    id: 'listSitemapScans',
    method: 'get',
    path: '/v1/sitemap-scans',
    tag,
    summary: 'Scans of sitemaps, newest first',
    scope: 'sitemaps:read',
    query: pageQuery({ host: z.string().min(1).max(2_000).optional() }),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.sitemapScanSchema), isPage: true } },
    errors: [422],
    async handle({ api, session, tenant, query, context }) {
      const { page, filter } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.sitemaps.listSitemapScans(session, tenant, filter, page))
    },
  }),
  operation({
    id: 'getSitemapScan',
    method: 'get',
    path: '/v1/sitemap-scans/{id}',
    tag,
    summary: 'A scan of sitemaps',
    scope: 'sitemaps:read',
    params: idParams,
    answers: { 200: { description: 'The scan as it is now.', schema: schemas.sitemapScanSchema } },
    async handle({ api, session, tenant, params }) {
      return ok(shown(await api.platform.sitemaps.getSitemapScan(session, tenant, params.id)))
    },
  }),
  operation({
    id: 'compareSitemapScans',
    method: 'get',
    path: '/v1/sitemap-scans/{id}/changes',
    tag,
    summary: 'URLs that are different after a scan than after an earlier one',
    scope: 'sitemaps:read',
    params: idParams,
    query: pageQuery({ since: z.uuid() }),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.changedUrlSchema), isPage: true } },
    errors: [409],
    async handle({ api, session, tenant, params, query, context }) {
      const { page } = pageAndFilter(query)
      const { sitemaps } = api.platform
      return pageAnswer(context, await sitemaps.compareScans(session, tenant, query.since, params.id, page))
    },
  }),
  operation({
    id: 'listSitemaps',
    method: 'get',
    path: '/v1/sites/{host}/sitemaps',
    tag,
    summary: 'The sitemaps of a site; parentId and depth make them a tree',
    scope: 'sitemaps:read',
    params: hostParams,
    query: pageQuery({}),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.sitemapSchema), isPage: true } },
    errors: [422],
    async handle({ api, session, tenant, params, query, context }) {
      const { page } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.sitemaps.listSitemaps(session, tenant, params.host, page))
    },
  }),
  operation({
    id: 'listSitemapUrls',
    method: 'get',
    path: '/v1/sites/{host}/urls',
    tag,
    summary: 'The URLs that the sitemaps of a site name',
    scope: 'sitemaps:read',
    params: hostParams,
    query: pageQuery(schemas.urlFilter),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.sitemapUrlSchema), isPage: true } },
    errors: [422],
    async handle({ api, session, tenant, params, query, context }) {
      const { page, filter } = pageAndFilter(query)
      const { sitemaps } = api.platform
      return pageAnswer(context, await sitemaps.listSitemapUrls(session, tenant, params.host, filter, page))
    },
  }),
  operation({
    id: 'tagSitemapUrls',
    method: 'post',
    path: '/v1/sites/{host}/urls/tags',
    tag,
    summary: 'Adds tags to URLs and takes others away',
    scope: 'sitemaps:write',
    params: hostParams,
    body: schemas.tagUrlsSchema,
    limit: 'list',
    answers: { 200: { description: 'How many URLs have other tags now.', schema: schemas.changedSchema } },
    async handle({ api, session, tenant, params, body }) {
      const { filter, ...rest } = body
      const request = { ...given(rest), ...(filter ? { filter: given(filter) } : {}) }
      return ok({ changed: await api.platform.sitemaps.tagUrls(session, tenant, params.host, request) })
    },
  }),
  operation({
    id: 'getSitemapHealth',
    method: 'get',
    path: '/v1/sites/{host}/health',
    tag,
    summary: 'What is good and bad about the sitemaps of a site',
    scope: 'sitemaps:read',
    params: hostParams,
    answers: { 200: { description: 'Findings, the worst first.', schema: schemas.healthSchema } },
    errors: [422],
    async handle({ api, session, tenant, params }) {
      return ok(await api.platform.sitemaps.healthReport(session, tenant, params.host))
    },
  }),
  operation({
    id: 'exportSitemapUrls',
    method: 'get',
    path: '/v1/sites/{host}/urls/export',
    tag,
    summary: 'The URLs of a site as a file',
    scope: 'sitemaps:read',
    params: hostParams,
    query: z.strictObject({ ...schemas.urlFilter, format: z.enum(exportFormats).default('csv') }),
    answers: { 200: { description: 'All URLs.', types: [fileTypes.csv, fileTypes.json, fileTypes.ndjson] } },
    errors: [422],
    async handle({ api, tenant, params, query, context }) {
      const { format, ...filter } = query
      const { database, sitemaps } = api.platform
      const parts = await sitemaps.exportUrls(database, tenant, params.host, format, given(filter))
      return fileAnswer({ api, context }, parts, { type: fileTypes[format], name: `urls.${format}` })
    },
  }),
]
