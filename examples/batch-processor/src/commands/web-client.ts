import * as foundation from '@pooler-safe/example-foundation'
import { ServiceError, type Logger } from '@pooler-safe/example-foundation'
import type { PageClient } from '../http.ts'

type CreateClient = (options: {
  readonly userAgent?: string
  readonly logger: Logger
}) => PageClient & { close(): Promise<void> }

/** The foundation's HTTP client, for the public web: it refuses private addresses, obeys robots.txt and verifies TLS. */
export function openWebClient(userAgent: string | undefined, logger: Logger): ReturnType<CreateClient> {
  const { createHttpClient } = foundation as { readonly createHttpClient?: CreateClient }
  if (!createHttpClient) throw new ServiceError('HTTP_CLIENT_MISSING', 'The foundation has no HTTP client.')
  return createHttpClient({ logger, ...(userAgent === undefined ? {} : { userAgent }) })
}
