/** The worker process of the demonstration: `file-worker.ts NAME PACE_MS`, everything else from its environment. */
import { runWorkerProcess } from '../index.ts'
import { fileJobHandlers, fileJobTypes } from './file-jobs.ts'

const [name = 'worker', pace = '0'] = process.argv.slice(2)

await runWorkerProcess({ name, types: fileJobTypes, handlers: fileJobHandlers(Number(pace)) })
