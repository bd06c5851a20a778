import { z } from '@hono/zod-openapi'
import { placesFormats, type PlacesSearch } from '@pooler-safe/example-places-search'
import { accepted, created, fileAnswer, fileTypes, ok, pageAnswer, shown, without } from '../http/answer.ts'
import { mediaTypeOf } from '../http/body.ts'
import { operation, type Operation } from '../http/operation.ts'
import { streamed } from '../http/streamed.ts'
import { given, idParams, numberedPageQuery, pageAndFilter, pageOfSchema, pageQuery } from '../schemas/common.ts'
import * as schemas from '../schemas/places.ts'

const tag = 'Places'
const geoJson = 'application/geo+json'
const searchAnswer = { 200: { description: 'The search as it is now.', schema: schemas.searchSchema } }

/** What gets the provider's next page is between it and us. */
function shownSearch(search: PlacesSearch): object {
  return without(shown(search), 'nextPageToken')
}

const searchOperations: readonly Operation[] = [
  operation({
    id: 'estimatePlacesSearch',
    method: 'post',
    path: '/v1/places/searches/estimate',
    tag,
    summary: 'What a search may cost; nothing is asked and nothing is stored',
    scope: 'places:read',
    isIdempotent: false,
    body: schemas.newSearchSchema,
    answers: { 200: { description: 'Requests and their price.', schema: schemas.estimateSchema } },
    handle({ api, body }) {
      return ok(api.platform.places.estimateCost(given(body)))
    },
  }),
  operation({
    id: 'createPlacesSearch',
    method: 'post',
    path: '/v1/places/searches',
    tag,
    summary: 'Searches for places',
    scope: 'places:write',
    body: schemas.newSearchSchema,
    answers: { 202: { description: 'It is queued.', schema: schemas.initiatedSearchSchema, hasLocation: true } },
    async handle({ api, session, tenant, body }) {
      const { search, ...rest } = await api.platform.places.initiatePlacesSearch(session, tenant, given(body))
      return accepted(`/v1/places/searches/${search.id}`, { search: shownSearch(search), ...rest })
    },
  }),
  operation({
    id: 'listPlacesSearches',
    method: 'get',
    path: '/v1/places/searches',
    tag,
    summary: 'Searches, newest first',
    scope: 'places:read',
    query: pageQuery({}),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.searchSchema), isPage: true } },
    async handle({ api, session, tenant, query, context }) {
      const { page } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.places.listSearches(session, tenant, page), shownSearch)
    },
  }),
  operation({
    id: 'getPlacesSearch',
    method: 'get',
    path: '/v1/places/searches/{id}',
    tag,
    summary: 'A search',
    scope: 'places:read',
    params: idParams,
    answers: searchAnswer,
    async handle({ api, session, tenant, params }) {
      return ok(shownSearch(await api.platform.places.getPlacesSearch(session, tenant, params.id)))
    },
  }),
  operation({
    id: 'listSearchPlaces',
    method: 'get',
    path: '/v1/places/searches/{id}/places',
    tag,
    summary: 'The results of a search, in the order of the provider',
    scope: 'places:read',
    params: idParams,
    query: numberedPageQuery({}),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.rankedPlaceSchema), isPage: true } },
    async handle({ api, session, tenant, params, query, context }) {
      const { page } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.places.listSearchPlaces(session, tenant, params.id, page))
    },
  }),
  operation({
    id: 'cancelPlacesSearch',
    method: 'post',
    path: '/v1/places/searches/{id}/cancel',
    tag,
    summary: 'No request is sent from now on; what was found stays',
    scope: 'places:write',
    params: idParams,
    answers: searchAnswer,
    async handle({ api, session, tenant, params }) {
      return ok(shownSearch(await api.platform.places.cancelSearch(session, tenant, params.id)))
    },
  }),
  operation({
    id: 'resumePlacesSearch',
    method: 'post',
    path: '/v1/places/searches/{id}/resume',
    tag,
    summary: 'Goes on with a search that ended before it had seen everything',
    scope: 'places:write',
    params: idParams,
    body: schemas.resumeSearchSchema,
    answers: { 202: { description: 'It is queued.', schema: schemas.searchSchema, hasLocation: true } },
    async handle({ api, session, tenant, params, body }) {
      const search = await api.platform.places.resumeSearch(session, tenant, params.id, given(body))
      return accepted(`/v1/places/searches/${search.id}`, shownSearch(search))
    },
  }),
]

const placeOperations: readonly Operation[] = [
  operation({
    id: 'listPlaces',
    method: 'get',
    path: '/v1/places',
    tag,
    summary: 'Places of all searches',
    scope: 'places:read',
    query: pageQuery(schemas.placeFilter),
    answers: { 200: { description: 'A page.', schema: pageOfSchema(schemas.placeSchema), isPage: true } },
    errors: [422],
    async handle({ api, session, tenant, query, context }) {
      const { page, filter } = pageAndFilter(query)
      return pageAnswer(context, await api.platform.places.listPlaces(session, tenant, filter, page))
    },
  }),
  operation({
    id: 'importPlaces',
    method: 'post',
    path: '/v1/places/imports',
    tag,
    summary: 'Stores the places of a file as a search that has ended',
    description: 'CSV is read as it comes. GeoJSON is one document, and limited as other JSON is.',
    scope: 'places:write',
    streamedBody: ['text/csv', geoJson],
    query: z.strictObject({ name: z.string().min(1).max(200) }),
    answers: { 201: { description: 'It is stored.', schema: schemas.searchSchema, hasLocation: true } },
    errors: [422],
    handle(request) {
      const { api, tenant, query, context } = request
      const format = mediaTypeOf(context.req.raw) === geoJson ? 'geojson' : 'csv'
      const limit = format === 'csv' ? api.limits.stream : api.limits.list
      return streamed(request, limit, async (body) => {
        const search = await api.platform.places.importPlacesWithOwnSession(tenant, body, { ...query, format })
        return created(`/v1/places/searches/${search.id}`, shownSearch(search))
      })
    },
  }),
  operation({
    id: 'curatePlaces',
    method: 'post',
    path: '/v1/places/status',
    tag,
    summary: 'Gives places a status, all of them or none',
    scope: 'places:write',
    body: schemas.curateSchema,
    answers: { 200: { description: 'The change, to be undone by its id.', schema: schemas.changeSchema } },
    errors: [404],
    async handle({ api, session, tenant, body: { ids, status } }) {
      return ok(await api.platform.places.updatePlaceStatus(session, tenant, ids, status))
    },
  }),
  operation({
    id: 'undoStatusChange',
    method: 'post',
    path: '/v1/places/status-changes/{id}/undo',
    tag,
    summary: 'Takes a change of status back, for places that still are what it made them',
    scope: 'places:write',
    params: idParams,
    answers: { 200: { description: 'The change that took it back.', schema: schemas.changeSchema } },
    async handle({ api, session, tenant, params }) {
      return ok(await api.platform.places.undoStatusChange(session, tenant, params.id))
    },
  }),
  operation({
    id: 'exportPlaces',
    method: 'get',
    path: '/v1/places/export',
    tag,
    summary: 'Places as a file',
    scope: 'places:read',
    query: z.strictObject({ ...schemas.placeFilter, format: z.enum(placesFormats).default('csv') }),
    answers: {
      200: { description: 'All of them.', types: [fileTypes.csv, fileTypes.json, fileTypes.ndjson, fileTypes.geojson] },
    },
    errors: [422],
    handle({ api, tenant, query, context }) {
      const { format, ...filter } = query
      const { database, places } = api.platform
      const parts = places.exportPlaces(database, tenant, format, given(filter))
      return fileAnswer({ api, context }, parts, { type: fileTypes[format], name: `places.${format}` })
    },
  }),
  operation({
    id: 'getPlace',
    method: 'get',
    path: '/v1/places/{id}',
    tag,
    summary: 'A place',
    scope: 'places:read',
    params: idParams,
    answers: { 200: { description: 'The place as it is now.', schema: schemas.placeSchema } },
    async handle({ api, session, tenant, params }) {
      return ok(shown(await api.platform.places.getPlace(session, tenant, params.id)))
    },
  }),
  operation({
    id: 'getPlaceHistory',
    method: 'get',
    path: '/v1/places/{id}/history',
    tag,
    summary: 'The statuses that a place had, oldest first',
    scope: 'places:read',
    params: idParams,
    answers: { 200: { description: 'At most 1,000.', schema: schemas.historySchema } },
    async handle({ api, session, tenant, params }) {
      const { id } = await api.platform.places.getPlace(session, tenant, params.id)
      return ok({ items: await api.platform.places.getPlaceHistory(session, tenant, id) })
    },
  }),
]

export const placesOperations: readonly Operation[] = [...searchOperations, ...placeOperations]
