import type { Mutation } from './mutations.ts'

const api = 'examples/http-api'

/** The guards of the HTTP API; H1 … are the guarantees of its README. */
export const httpApiMutations: readonly Mutation[] = [
  {
    id: 'http-api-key-tenant',
    removes: 'an answer that is kept is one of the tenant',
    invariants: ['H1'],
    file: `${api}/src/idempotency/key-store.ts`,
    anchor: 'from api_idempotency_keys where tenant_id = $1 and key = $2 and expires_at > now()',
    replacement: 'from api_idempotency_keys where $1::uuid is not null and key = $2 and expires_at > now()',
    tests: [`${api}/test/idempotency.test.ts`],
  },
  {
    id: 'http-api-fingerprint',
    removes: 'a key belongs to one request',
    invariants: ['H2'],
    file: `${api}/src/idempotency/once.ts`,
    anchor: 'if (!used.fingerprint.equals(fingerprint)) throw keyReused()',
    replacement: '',
    tests: [`${api}/test/idempotency.test.ts`],
  },
  {
    id: 'http-api-body-limit',
    removes: 'the bytes of a body are counted',
    invariants: ['H3'],
    file: `${api}/src/http/body.ts`,
    anchor: 'if (bytes > maxBytes) throw tooLarge(maxBytes)',
    replacement: '',
    tests: [`${api}/test/requests.test.ts`],
  },
  {
    id: 'http-api-internals',
    removes: 'an unexpected error says nothing of what is inside',
    invariants: ['H4'],
    file: `${api}/src/errors/problem.ts`,
    anchor: "detail: 'Something went wrong here.'",
    replacement: 'detail: String(error)',
    tests: [`${api}/test/requests.test.ts`],
  },
  {
    id: 'http-api-last-event-id',
    removes: 'what a client has seen is not told again',
    invariants: ['H5'],
    file: `${api}/src/events/subscription.ts`,
    anchor: 'if (id?.length !== topics.length * versionLength) return new Map()',
    replacement: 'if (topics.length > 0) return new Map()',
    tests: [`${api}/test/events.test.ts`],
  },
]
