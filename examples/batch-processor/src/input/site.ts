import { canonicalHost } from '@pooler-safe/example-foundation'

/** A site as items name it. */
export interface Site {
  readonly host: string
  /** The registrable domain. */
  readonly domain: string
}

/** @throws ServiceError HOST_INVALID */
export function readSite(input: string): Site {
  const { host, registrableDomain } = canonicalHost(input)
  return { host, domain: registrableDomain }
}
