import { z } from '@hono/zod-openapi'
import { requireScope } from '@pooler-safe/example-foundation'
import { ApiError } from '../errors/api-error.ts'
import { eventStream, readTopic, topicScopes, type Topic } from '../events/index.ts'
import { operation, type ApiRequest, type Operation } from '../http/operation.ts'
import { idParams } from '../schemas/common.ts'

const tag = 'Events'
const mostTopics = 20
const answers = {
  200: { description: 'Server-sent events.', types: ['text/event-stream'] },
  204: { description: 'It has ended, and `Last-Event-ID` says that you know how.' },
}

type Asked = Pick<ApiRequest<unknown, unknown, unknown>, 'api' | 'tenant' | 'context'>

function stream({ api, tenant, context }: Asked, topics: readonly Topic[]): Promise<Response> {
  const { events, heartbeatMs, stallMs } = api
  const { raw } = context.req
  const lastEventId = raw.headers.get('last-event-id') ?? undefined
  return eventStream(events, { tenant, topics, lastEventId, signal: raw.signal, heartbeatMs, stallMs })
}

/** The streams of one row, and the paths that they are at. */
const rows = [
  ['job', '/v1/jobs', 'Job'],
  ['job-batch', '/v1/job-batches', 'JobBatch'],
  ['batch', '/v1/batches', 'Batch'],
  ['scan', '/v1/scans', 'Scan'],
  ['sitemap-scan', '/v1/sitemap-scans', 'SitemapScan'],
  ['places-search', '/v1/places/searches', 'PlacesSearch'],
] as const

export const eventOperations: readonly Operation[] = [
  operation({
    id: 'streamEvents',
    method: 'get',
    path: '/v1/events',
    tag,
    summary: 'Progress of several things in one stream',
    description:
      'Each event is the state of one thing; `id` names the state of all of them. Send it back as `Last-Event-ID` to be told what has changed since. The last event is `end`.',
    scope: 'events:read',
    query: z.strictObject({
      topics: z
        .string()
        .min(1)
        .max(2_000)
        .openapi({ description: 'Such as `batch:…,job:…,jobs`, at most 20.', example: 'jobs' }),
    }),
    answers,
    errors: [404],
    handle(request) {
      const names = request.query.topics.split(',')
      const topics = names.map((name) => {
        const topic = readTopic(name)
        if (topic) return topic
        throw new ApiError('REQUEST_INVALID', `"${name.slice(0, 100).toWellFormed()}" cannot be listened to.`, {
          hint: `There are ${Object.keys(topicScopes).join(', ')}, each but "jobs" with ":" and an id.`,
          fields: [{ field: 'topics', message: 'names something that there is not' }],
        })
      })
      if (topics.length > mostTopics) {
        const fields = [{ field: 'topics', message: `has more than ${mostTopics}` }]
        throw new ApiError('REQUEST_INVALID', `A stream tells about at most ${mostTopics} things.`, { fields })
      }
      for (const { kind } of topics) requireScope(request.auth, topicScopes[kind])
      return stream(request, topics)
    },
  }),
  ...rows.map(([kind, path, name]) =>
    operation({
      id: `stream${name}`,
      method: 'get',
      path: `${path}/{id}/stream`,
      tag,
      summary: `Progress of one ${kind} as a stream of events`,
      scope: topicScopes[kind],
      params: idParams,
      answers,
      handle: (request) => stream(request, [{ kind, id: request.params.id }]),
    }),
  ),
]
