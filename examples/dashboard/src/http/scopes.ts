import { requireScope } from '@pooler-safe/example-foundation'
import type { Visitor } from '../context.ts'

/** What a token has to allow for the pages below a path. */
const areas: Readonly<Record<string, string>> = {
  '': 'jobs',
  jobs: 'jobs',
  batches: 'batches',
  scans: 'scans',
  sitemaps: 'sitemaps',
  places: 'places',
  settings: 'tokens',
  pooler: 'pooler',
}

/** @throws ServiceError SCOPE_MISSING */
export function requireScopeOf(visitor: Visitor, path: string, method: string): void {
  const area = areas[path.split('/')[1] ?? '']
  if (area === undefined) return
  requireScope(visitor, `${area}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}`)
}
