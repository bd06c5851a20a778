/** A search with its job. */
export const searchTables = `place_searches s left join jobs j on j.tenant_id = s.tenant_id and j.id = s.job_id`

/** Its job has ended for good without an end of the search: its worker was lost too often, or the database was away. */
const isLeft = `s.finished_at is null and j.state in ('failed', 'cancelled')`

/** The columns of a search, under the names of the interface `PlacesSearch`, of {@link searchTables}. */
export const searchColumns = `
  s.id, s.tenant_id as "tenantId", s.provider, s.source, s.query, s.location, s.lat, s.lng, s.radius_m as "radiusM",
  s.options, s.max_results as "maxResults", s.max_requests as "maxRequests",
  s.request_price_usd::float8 as "requestPriceUsd", s.cost_estimate_usd::float8 as "costEstimateUsd",
  (s.requests * s.request_price_usd)::float8 as "costUsd",
  case when ${isLeft} then case when j.state = 'cancelled' then 'cancelled' when s.stored > 0 then 'partial' else 'failed' end
    else s.state end as state,
  s.requests, s.pages, s.found, s.stored, s.new,
  (select json_build_object('open', count(*) filter (where t.state = 'open'), 'total', count(*))
   from place_search_tiles t where t.search_id = s.id) as tiles,
  (select t.next_page_token from place_search_tiles t where t.search_id = s.id and t.state = 'open'
   order by t.ordinal limit 1) as "nextPageToken",
  case when ${isLeft} then coalesce(s.error_code, j.error_code) else s.error_code end as "errorCode",
  case when ${isLeft} then coalesce(s.error, j.error) else s.error end as error, s.job_id as "jobId", s.cancel_requested_at as "cancelRequestedAt",
  s.created_at as "createdAt", s.started_at as "startedAt",
  case when ${isLeft} then j.finished_at else s.finished_at end as "finishedAt"`

/** The columns of a place, under the names of the interface `Place`. `p` is the table. */
export const placeColumns = `
  p.id, p.tenant_id as "tenantId", p.provider, p.source, p.provider_place_id as "providerPlaceId", p.name, p.address,
  p.lat, p.lng, p.rating::numeric::float8 as rating, p.rating_count as "ratingCount", p.price_level as "priceLevel", p.types,
  p.phone, p.website, p.status, p.processing, p.first_seen as "firstSeen", p.fetched_at as "fetchedAt"`
