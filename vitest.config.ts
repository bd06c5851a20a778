import { defineConfig } from 'vitest/config'

const conditions = ['@pooler-safe/source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores are shared with PostgreSQL and the poolers.
    maxWorkers: 2,
    unstubEnvs: true,
    restoreMocks: true,
  },
})
