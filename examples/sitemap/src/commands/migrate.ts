/** `pnpm --filter @pooler-safe/example-sitemap migrate`: makes or updates the tables, on DIRECT_DATABASE_URL. */
import { runMigrateCommand } from '@pooler-safe/example-foundation'
import { migrateSitemaps } from '../migrate.ts'

await runMigrateCommand({ prefix: 'SITEMAP_', migrate: migrateSitemaps })
