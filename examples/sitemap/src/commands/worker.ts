/** `pnpm --filter @pooler-safe/example-sitemap worker`: runs scans until it is told to stop. Any number may run. */
import { runWorkerProcess } from '@pooler-safe/example-job-service'
import { sitemapJobTypes } from '../job-type.ts'
import { sitemapHandlers } from '../worker.ts'

await runWorkerProcess({
  name: 'sitemap-worker',
  types: sitemapJobTypes,
  handlers: (http) => sitemapHandlers({ http }),
})
