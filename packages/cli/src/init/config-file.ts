import type { Step, Surroundings } from './step.ts'

const names = ['js', 'mjs', 'cjs', 'json'].map((extension) => `pooler-safe.config.${extension}`)
const migrations = [
  'migrations',
  'db/migrations',
  'database/migrations',
  'src/migrations',
  'supabase/migrations',
  'drizzle',
  'prisma/migrations',
]

/** Folders whose files run on the database's own URL, as globs. */
export function sessionFolders({ has }: Surroundings): readonly string[] {
  return migrations.filter((name) => has(name)).map((name) => `${name}/**`)
}

/** The settings of the audit. */
export function configStep(around: Surroundings): Step {
  const existing = names.find((name) => around.has(name))
  if (existing !== undefined) return { kind: 'keep', file: existing, why: 'it is there' }
  const folders = sessionFolders(around)
  const settings = {
    $schema: './node_modules/@pooler-safe/cli/schemas/config.json',
    ...(folders.length > 0 && { sessionMode: { files: folders } }),
    exclude: ['**/*.test.*', '**/*.spec.*', '**/__tests__/**'],
  }
  return { kind: 'create', file: 'pooler-safe.config.json', text: `${JSON.stringify(settings, null, 2)}\n` }
}
