/** `pnpm --filter @pooler-safe/example-platform migrate`: makes or updates the tables of all services, on DIRECT_DATABASE_URL. */
import { runMigrateCommand } from '@pooler-safe/example-foundation'
import { migratePlatform } from '../migrate.ts'

await runMigrateCommand({ prefix: 'PLATFORM_', migrate: migratePlatform })
