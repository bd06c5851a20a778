import { ServiceError, type TenantId } from '@pooler-safe/example-foundation'

/** What can be listened to, and the scope that it needs. */
export const topicScopes = {
  job: 'jobs:read',
  /** How many jobs the tenant has in each state. */
  jobs: 'jobs:read',
  'job-batch': 'jobs:read',
  batch: 'batches:read',
  scan: 'scans:read',
  'sitemap-scan': 'sitemaps:read',
  'places-search': 'places:read',
} as const

export type TopicKind = keyof typeof topicScopes

/** A row, or all jobs, of a tenant. */
export interface Topic {
  readonly kind: TopicKind
  /** Of the row; none for `jobs`. */
  readonly id: string | undefined
}

/** `batch:0193…`; `jobs` alone has no id. */
export function topicName({ kind, id }: Topic): string {
  return id === undefined ? kind : `${kind}:${id.toLowerCase()}`
}

/** Reads what {@link topicName} writes; undefined for what is not the name of a topic. */
export function readTopic(name: string): Topic | undefined {
  const [kind = '', id, ...more] = name.split(':')
  if (!Object.hasOwn(topicScopes, kind) || more.length > 0) return undefined
  if ((kind === 'jobs') !== (id === undefined) || id === '') return undefined
  return { kind: kind as TopicKind, id }
}

/** Names a topic among those of all tenants. */
export function topicKey(tenant: TenantId, topic: Topic): string {
  return `${tenant} ${topicName(topic)}`
}

export function topicNotFound(topic: Topic): ServiceError {
  return new ServiceError('EVENT_TOPIC_NOT_FOUND', `There is no ${topic.kind} ${topic.id?.slice(0, 100) ?? ''}.`)
}

export function tooManyStreams(): ServiceError {
  return new ServiceError('TOO_MANY_STREAMS', 'The process has as many streams as it takes.', {
    hint: 'Try again, or ask for the resource itself from time to time.',
  })
}
