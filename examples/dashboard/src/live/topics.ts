import type { Topic, TopicKind } from '@pooler-safe/example-http-api'
import { RequestRefused } from '../http/refused.ts'

/** Whose scope a topic needs. */
export const areas: Readonly<Record<TopicKind, string>> = {
  job: 'jobs',
  jobs: 'jobs',
  'job-batch': 'jobs',
  batch: 'batches',
  scan: 'scans',
  'sitemap-scan': 'sitemaps',
  'places-search': 'places',
}
const mostTopics = 20

/** @throws RequestRefused for a name that is none */
export function readTopics(names: string): Topic[] {
  const topics = names.split(',').flatMap((name): Topic[] => {
    const [kind = '', id] = name.split(':')
    return Object.hasOwn(areas, kind) ? [{ kind: kind as TopicKind, id }] : []
  })
  if (topics.length > 0 && topics.length <= mostTopics) return topics
  throw new RequestRefused(404, 'There is nothing of that name to listen to.', 'Load the page again.')
}

/** What a list listens to: the coming and going of jobs, and what is under way on it. */
export function listTopics(
  kind: Exclude<TopicKind, 'jobs'>,
  rows: readonly { readonly id: string; readonly state: string }[],
): string {
  const active = rows.filter(({ state }) => state === 'running' || state === 'queued').slice(0, mostTopics - 1)
  return ['jobs', ...active.map(({ id }) => `${kind}:${id}`)].join(',')
}
