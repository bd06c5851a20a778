import { defineConfig } from 'vitest/config'
import { mutate } from './test/proof/mutate.ts'

// Vitest hands these to Node as well: an `import` here would reach the require() of CommonJS packages.
const conditions = ['@pooler-safe/source', 'node']
const mutation = process.env['POOLER_SAFE_MUTATION']

export default defineConfig({
  plugins: mutation ? [mutate(mutation)] : [],
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores are shared with PostgreSQL and the poolers.
    maxWorkers: 2,
    unstubEnvs: true,
    restoreMocks: true,
  },
})
