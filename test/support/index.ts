/** What test files of this repository share: databases of their own behind the shared poolers. */
export { capabilities, findChromium } from './capabilities.ts'
export type { Capabilities } from './capabilities.ts'
export { forEachPooler } from './for-each-pooler.ts'
export type { PoolerUnderTest } from './for-each-pooler.ts'
export { useTestDatabase } from './test-database.ts'
export type { TestDatabase, TestDatabaseOptions } from './test-database.ts'
export { readmeExamples } from './readme-examples.ts'
export type { ReadmeExamples } from './readme-examples.ts'
