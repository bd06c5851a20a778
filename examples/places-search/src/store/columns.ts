/** The columns of a search, under the names of the interface `PlacesSearch`. `s` is the table. */
export const searchColumns = `
  s.id, s.tenant_id as "tenantId", s.provider, s.source, s.query, s.location, s.lat, s.lng, s.radius_m as "radiusM",
  s.options, s.max_results as "maxResults", s.max_requests as "maxRequests",
  s.request_price_usd::float8 as "requestPriceUsd", s.cost_estimate_usd::float8 as "costEstimateUsd",
  (s.requests * s.request_price_usd)::float8 as "costUsd", s.state, s.requests, s.pages, s.found, s.stored, s.new,
  (select json_build_object('open', count(*) filter (where t.state = 'open'), 'total', count(*))
   from place_search_tiles t where t.search_id = s.id) as tiles,
  (select t.next_page_token from place_search_tiles t where t.search_id = s.id and t.state = 'open'
   order by t.ordinal limit 1) as "nextPageToken",
  s.error_code as "errorCode", s.error, s.job_id as "jobId", s.cancel_requested_at as "cancelRequestedAt",
  s.created_at as "createdAt", s.started_at as "startedAt", s.finished_at as "finishedAt"`

/** The columns of a place, under the names of the interface `Place`. `p` is the table. */
export const placeColumns = `
  p.id, p.tenant_id as "tenantId", p.provider, p.source, p.provider_place_id as "providerPlaceId", p.name, p.address,
  p.lat, p.lng, p.rating::numeric::float8 as rating, p.rating_count as "ratingCount", p.price_level as "priceLevel", p.types,
  p.phone, p.website, p.status, p.processing, p.first_seen as "firstSeen", p.fetched_at as "fetchedAt"`
