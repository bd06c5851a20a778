import { runMigrateCommand } from '@pooler-safe/example-foundation'
import { migrateApi } from '../migrate.ts'
import { apiVariables } from './variables.ts'

await runMigrateCommand({ prefix: 'API_', shape: apiVariables, migrate: migrateApi })
