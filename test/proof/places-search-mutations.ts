import type { Mutation } from './mutations.ts'

const places = 'examples/places-search'

/** The guards of the places search; P1 … are the guarantees of its README, numbers those of the acceptance tests. */
export const placesSearchMutations: readonly Mutation[] = [
  {
    id: 'places-token-not-asked',
    removes: 'the field mask asks for the token of the next page (26)',
    invariants: ['P1'],
    file: `${places}/src/providers/google.ts`,
    anchor: "  'nextPageToken',\n",
    replacement: '',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-stolen-ranks',
    removes: 'a later search leaves the results of an earlier one alone (27)',
    invariants: ['P2'],
    file: `${places}/src/store/searches.ts`,
    anchor: 'with answer as materialized (',
    replacement:
      'with stolen as (delete from search_places o where o.tenant_id = $1 and o.search_id <> $2), answer as materialized (',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-token-not-saved',
    removes: 'a page is stored with the token of the next (28)',
    invariants: ['P3'],
    file: `${places}/src/store/searches.ts`,
    anchor: 'set state = $3, next_page_token = $4, pages',
    replacement: 'set state = $3, next_page_token = case when $4::text is null then null end, pages',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-denied-again',
    removes: 'a denied request is not repeated (28)',
    invariants: ['P3'],
    file: `${places}/src/worker/process-search.ts`,
    anchor: 'const isFinal = retryable !== true || isLastAttempt',
    replacement: 'const isFinal = isLastAttempt && retryable !== null',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-asks-in-transaction',
    removes: 'the provider is asked while no transaction is open (29)',
    invariants: ['P4'],
    file: `${places}/src/worker/process-search.ts`,
    anchor: 'keep = await ask(tools, tenant, step, signal)',
    replacement: `keep = await tools.database.transaction(async (tx) => {
        await store.findSearch(tx, tenant, searchId)
        return ask(tools, tenant, step, signal)
      })`,
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-key-in-error',
    removes: 'the key is taken out of what a provider says (30)',
    invariants: ['P5'],
    file: `${places}/src/providers/google.ts`,
    anchor: "said.message.replaceAll(apiKey, '***').slice(0, 500)",
    replacement: 'said.message.slice(0, 500)',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-second-run',
    removes: 'a page that another run has stored is dropped',
    invariants: ['P6'],
    file: `${places}/src/worker/process-search.ts`,
    anchor: 'if (!now || now.finishedAt || open?.ordinal !== tile.ordinal || open.pages !== tile.pages) {',
    replacement: 'if (!now || (open === undefined && now.finishedAt)) {',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-over-budget',
    removes: 'no request is sent beyond the budget',
    invariants: ['P7'],
    file: `${places}/src/worker/process-search.ts`,
    anchor: 'if (search.requests >= search.maxRequests) {',
    replacement: 'if (search.requests >= search.maxRequests + 100) {',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-no-split',
    removes: 'a full area is split',
    invariants: ['P8'],
    file: `${places}/src/worker/process-search.ts`,
    anchor: 'if (quarters.length > 0) await store.addTiles(',
    replacement: 'if (quarters.length > 100) await store.addTiles(',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-undo-everything',
    removes: 'undoing leaves alone what was changed since',
    invariants: ['P9'],
    file: `${places}/src/store/places.ts`,
    anchor: 'where p.tenant_id = $1 and p.status = c.to_status order by p.id',
    replacement: 'where p.tenant_id = $1 order by p.id',
    tests: [`${places}/test/places.test.ts`],
  },
  {
    id: 'places-more-than-wanted',
    removes: 'no more places are stored than were wanted',
    invariants: ['P7'],
    file: `${places}/src/store/searches.ts`,
    anchor: 'or $7::int is null or nth <= $7',
    replacement: 'or $7::int is null or nth > 0',
    tests: [`${places}/test/searching.test.ts`],
  },
  {
    id: 'places-left-for-ever',
    removes: 'a search ends with its job',
    invariants: ['P11'],
    file: `${places}/src/store/columns.ts`,
    anchor: "j.state in ('failed', 'cancelled')`",
    replacement: "j.state in ('none')`",
    tests: [`${places}/test/searching.test.ts`],
  },
]
