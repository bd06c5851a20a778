export { migratePlatform } from './migrate.ts'
export { openPlatform, type Platform, type PlatformOptions } from './platform.ts'
export { platformJobTypes } from './job-types.ts'
export { startPlatformWorker, type PlatformWorker, type PlatformWorkerOptions } from './worker.ts'
