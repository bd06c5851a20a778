import * as foundation from '@pooler-safe/example-foundation'
import { ServiceError, type Logger } from '@pooler-safe/example-foundation'
import type { ApiClient } from '../providers/provider.ts'

type CreateClient = (options: {
  readonly userAgent?: string
  readonly logger: Logger
}) => ApiClient & { close(): Promise<void> }

/** The foundation's HTTP client, for the public Internet: it refuses private addresses, obeys robots.txt and verifies TLS. */
export function openApiClient(userAgent: string | undefined, logger: Logger): ReturnType<CreateClient> {
  const { createHttpClient } = foundation as { readonly createHttpClient?: CreateClient }
  if (!createHttpClient) throw new ServiceError('HTTP_CLIENT_MISSING', 'The foundation has no HTTP client.')
  return createHttpClient({ logger, ...(userAgent === undefined ? {} : { userAgent }) })
}
