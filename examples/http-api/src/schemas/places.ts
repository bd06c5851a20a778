import { z } from '@hono/zod-openapi'
import { placeStatuses, processingStates, searchStates } from '@pooler-safe/example-places-search'
import { count, decimalNumber, id, orNull, someObject, text, time, yesOrNo } from './common.ts'

export const placeStatus = z.enum(placeStatuses)

export const searchSchema = z
  .strictObject({
    id,
    provider: text,
    source: text,
    query: text,
    location: orNull(text),
    lat: orNull(z.number()),
    lng: orNull(z.number()),
    radiusM: orNull(count),
    options: someObject,
    maxResults: count,
    maxRequests: count,
    requestPriceUsd: z.number(),
    costEstimateUsd: z.number(),
    costUsd: z.number(),
    state: z.enum(searchStates),
    requests: count,
    pages: count,
    found: count,
    stored: count,
    new: count,
    tiles: z.strictObject({ open: count, total: count }),
    errorCode: orNull(text),
    error: orNull(text),
    jobId: orNull(id),
    cancelRequestedAt: orNull(time),
    createdAt: time,
    startedAt: orNull(time),
    finishedAt: orNull(time),
  })
  .openapi('PlacesSearch')

export const estimateSchema = z
  .strictObject({
    provider: text,
    source: text,
    requestPriceUsd: z.number(),
    minRequests: count,
    maxRequests: count,
    minCostUsd: z.number(),
    maxCostUsd: z.number(),
    affordableRequests: count,
    isLimitedByBudget: z.boolean(),
  })
  .openapi('CostEstimate')

export const newSearchSchema = z
  .strictObject({
    provider: z.string().min(1).max(50).optional(),
    query: z.string().min(1).max(500),
    near: z.string().min(1).max(500).optional(),
    lat: z.number().min(-90).max(90).optional(),
    lng: z.number().min(-180).max(180).optional(),
    radiusM: z.int().min(1).max(50_000).optional(),
    language: z.string().min(2).max(35).optional(),
    maxResults: z.int().min(1).max(100_000).optional(),
    budgetUsd: z.number().min(0).max(100_000).optional(),
  })
  .openapi('NewPlacesSearch')

export const initiatedSearchSchema = z
  .strictObject({ search: searchSchema, estimate: estimateSchema, created: z.boolean() })
  .openapi('InitiatedPlacesSearch')

export const resumeSearchSchema = z.strictObject({ budgetUsd: z.number().min(0).max(100_000).optional() })

const placeShape = {
  id,
  provider: text,
  source: text,
  providerPlaceId: text,
  name: text,
  address: orNull(text),
  lat: orNull(z.number()),
  lng: orNull(z.number()),
  rating: orNull(z.number()),
  ratingCount: orNull(count),
  priceLevel: orNull(count),
  types: z.array(text),
  phone: orNull(text),
  website: orNull(text),
  status: placeStatus,
  processing: z.enum(processingStates),
  firstSeen: time,
  fetchedAt: time,
}

export const placeSchema = z.strictObject(placeShape).openapi('Place')
export const rankedPlaceSchema = z.strictObject({ ...placeShape, rank: count, page: count }).openapi('RankedPlace')

/** Filters of places, in a query. */
export const placeFilter = {
  status: placeStatus.optional(),
  processing: z.enum(processingStates).optional(),
  provider: z.string().min(1).max(50).optional(),
  searchId: z.uuid().optional(),
  name: z.string().min(1).max(500).optional(),
  hasWebsite: yesOrNo.optional(),
  minRating: decimalNumber(0, 5).optional(),
}

export const curateSchema = z
  .strictObject({ ids: z.array(z.uuid()).min(1).max(10_000), status: placeStatus })
  .openapi('CuratePlaces')

export const changeSchema = z.strictObject({ changeId: id, changed: count }).openapi('StatusChange')

export const historySchema = z
  .strictObject({
    items: z.array(z.strictObject({ changeId: id, at: time, from: text, to: text, undoes: orNull(id) })),
  })
  .openapi('PlaceHistory')
