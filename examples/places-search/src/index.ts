export { PlacesError, placesErrorCodes, ProviderError, type PlacesErrorCode, type ProviderErrorCode } from './errors.ts'
export { providersOf } from './commands/providers.ts'
export { placesVariables } from './commands/variables.ts'
export { placesFormats, type PlacesFormat } from './export-places.ts'
export type { ImportOptions } from './import-places.ts'
export { placesJobTypes } from './jobs.ts'
export { migratePlaces, migrateCommand, requirePlacesTables } from './migrate.ts'
export type { NewSearch } from './options.ts'
export {
  placeStatuses,
  processingStates,
  searchStates,
  type Box,
  type FoundPlace,
  type Place,
  type PlaceFilter,
  type PlacesSearch,
  type PlaceStatus,
  type ProcessingState,
  type RankedPlace,
  type SearchState,
} from './place.ts'
export { googlePlaces, type GoogleOptions } from './providers/google.ts'
export { openStreetMap, type OpenStreetMapOptions } from './providers/open-street-map.ts'
export type { ApiClient, ApiResponse, FoundPage, PageQuery, PlacesProvider } from './providers/provider.ts'
export type { CostEstimate } from './service/estimate.ts'
export { PlacesService, type PlacesServiceOptions } from './service/places-service.ts'
export { placesHandlers } from './worker/handlers.ts'
export type { SearchRunOptions } from './worker/process-search.ts'
