/** `pnpm --filter @pooler-safe/example-sitemap worker`: runs scans until it is told to stop. Any number may run. */
import { createHttpClient } from '@pooler-safe/example-foundation'
import { runWorkerProcess } from '@pooler-safe/example-job-service'
import { sitemapJobTypes } from '../job-type.ts'
import { sitemapHandlers } from '../worker.ts'

const http = createHttpClient()
await runWorkerProcess({ name: 'sitemap-worker', types: sitemapJobTypes, handlers: sitemapHandlers({ http }) })
