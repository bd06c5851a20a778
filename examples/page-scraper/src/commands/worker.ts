/** `worker`: runs scans until a signal comes. Reads DATABASE_URL, the JOBS_… variables of the job service, and HTTP_…. */
import { runWorkerProcess } from '@pooler-safe/example-job-service'
import { pageScraperJobTypes } from '../job-types.ts'
import { pageScraperHandlers } from '../worker.ts'

await runWorkerProcess({ name: 'page-scraper', types: pageScraperJobTypes, handlers: pageScraperHandlers })
