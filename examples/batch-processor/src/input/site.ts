import { canonicalHost } from '@pooler-safe/example-foundation'

/** A site as items name it. */
export interface Site {
  readonly host: string
  /** The registrable domain. */
  readonly domain: string
}

/** @throws ServiceError HOST_INVALID */
export function readSite(input: string): Site {
  return siteOf(canonicalHost(input))
}

function siteOf(found: string | { readonly host: string; readonly registrableDomain: string | null }): Site {
  if (typeof found === 'string') return { host: found, domain: found }
  return { host: found.host, domain: found.registrableDomain ?? found.host }
}
