import { basename } from 'node:path'

export type ConfigKind = 'env' | 'prisma' | 'options' | 'json-options' | 'compose' | 'supabase'

const kinds: readonly (readonly [RegExp, ConfigKind])[] = [
  // Examples only: what is in `.env` itself is secret, and differs from machine to machine.
  [/^\.env(?:\..+)?\.(?:example|sample|template|dist|defaults)$|^(?:env|\.env)[.-](?:example|sample|template)$/, 'env'],
  [/\.prisma$/, 'prisma'],
  [
    /^(?:knexfile|ormconfig|drizzle\.config|mikro-orm\.config|prisma\.config|sequelize\.config)\.[cm]?[jt]s$/,
    'options',
  ],
  [/^(?:ormconfig|knexfile|drizzle\.config)\.json$/, 'json-options'],
  [/^(?:docker-)?compose(?:[.-].+)?\.ya?ml$/, 'compose'],
]

/** The kind of a configuration file, by its name. */
export function configKindOf(path: string): ConfigKind | undefined {
  const name = basename(path)
  if (name === 'config.toml' && /[\\/]supabase[\\/]config\.toml$/.test(path)) return 'supabase'
  return kinds.find(([pattern]) => pattern.test(name))?.[1]
}
