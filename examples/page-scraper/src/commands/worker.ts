/** `worker`: runs scans until a signal comes. Reads DATABASE_URL and the JOBS_… variables of the job service. */
import { createHttpClient, createLogger } from '@pooler-safe/example-foundation'
import { runWorkerProcess } from '@pooler-safe/example-job-service'
import { pageScraperJobTypes } from '../job-types.ts'
import { pageScraperHandlers } from '../worker.ts'

const http = createHttpClient({ logger: createLogger({ name: 'page-scraper', level: 'warn' }) })
process.once('beforeExit', () => void http.close())
await runWorkerProcess({ name: 'page-scraper', types: pageScraperJobTypes, handlers: pageScraperHandlers(http) })
