export { createApi, type Api, type ApiOptions, type OpenApi } from './api.ts'
export type { BodyLimits } from './context.ts'
export {
  createEventSource,
  eventStream,
  type EventSource,
  type EventSourceOptions,
  type EventSourceStats,
  type EventStreamOptions,
  type SubscribeOptions,
  type Topic,
  type TopicKind,
} from './events/index.ts'
export type { RateLimitOptions } from './http/rate-limit.ts'
export { migrateApi, migrateCommand, requireApiTables } from './migrate.ts'
export { serveApi, type RunningApi, type ServeOptions } from './serve.ts'
