import type { Mutation } from './mutations.ts'

const dashboard = 'examples/dashboard'

/** The guards of the dashboard; D1 … are the guarantees of its README. */
export const dashboardMutations: readonly Mutation[] = [
  {
    id: 'dashboard-markup-through',
    removes: 'a text in a template is escaped',
    invariants: ['D1'],
    file: `${dashboard}/src/view/html.ts`,
    anchor: '  return escape(String(value))',
    replacement: '  return String(value)',
    tests: [`${dashboard}/test/html.test.ts`],
  },
  {
    id: 'dashboard-script-links',
    removes: 'only http and https become links',
    invariants: ['D1'],
    file: `${dashboard}/src/view/text.ts`,
    anchor: '  if (!/^https?:\\/\\//i.test(url)) return foreign(url)\n',
    replacement: '',
    tests: [`${dashboard}/test/html.test.ts`],
  },
  {
    id: 'dashboard-forms-of-others',
    removes: 'a form has to carry the proof of its session',
    invariants: ['D2'],
    file: `${dashboard}/src/http/csrf.ts`,
    anchor: '!isSameOrigin(c) || expected === undefined || !isEqual(proof, expected)',
    replacement: '!isSameOrigin(c) || expected === undefined || isEqual(proof, `${expected}.`)',
    tests: [`${dashboard}/test/requests.test.ts`],
  },
  {
    id: 'dashboard-forms-from-elsewhere',
    removes: 'a form has to come from this server',
    invariants: ['D2'],
    file: `${dashboard}/src/http/csrf.ts`,
    anchor: '!isSameOrigin(c) || expected',
    replacement: 'expected',
    tests: [`${dashboard}/test/requests.test.ts`],
  },
  {
    id: 'dashboard-scopes-ignored',
    removes: 'a token opens what its scopes say, and nothing else',
    invariants: ['D3'],
    file: `${dashboard}/src/dashboard.ts`,
    anchor: '    requireScopeOf(visitor, c.req.path, c.req.method)\n',
    replacement: '',
    tests: [`${dashboard}/test/requests.test.ts`],
  },
  {
    id: 'dashboard-stream-of-anybody',
    removes: 'a stream tells about things of the tenant of the token alone',
    invariants: ['D3'],
    file: 'examples/http-api/src/events/event-source.ts',
    anchor: '        if (!row) throw topicNotFound(topic)\n        subscription.offer(name, row)',
    replacement: '        subscription.offer(name, row)',
    tests: [`${dashboard}/test/requests.test.ts`],
  },
  {
    id: 'dashboard-never-ends',
    removes: 'what has ended is not listened to any more',
    invariants: ['D4'],
    file: `${dashboard}/src/view/layout.ts`,
    anchor: "'data-ended': ended",
    replacement: "'data-ended': ended && undefined",
    tests: [`${dashboard}/test/browser.test.ts`],
  },
]
