/** `pnpm migrate`: makes or updates the tables of the places search and of the job service, on DIRECT_DATABASE_URL. */
import { runMigrateCommand } from '@pooler-safe/example-foundation'
import { migratePlaces } from '../migrate.ts'
import { placesVariables } from './variables.ts'

await runMigrateCommand({ prefix: 'PLACES_', shape: placesVariables, migrate: migratePlaces })
