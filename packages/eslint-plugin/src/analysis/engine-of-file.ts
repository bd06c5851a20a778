import { engineOf, isForeignSql } from './drivers.ts'
import type { Host } from './host.ts'
import type { Engine } from './operation.ts'
import { matchesGlob, type Settings } from './settings.ts'

const dialectPath =
  /(?:^|[/._-])(?:mysql2?|mariadb|sqlite3?|mssql|sqlserver|oracle|libsql|turso|d1|duckdb|clickhouse|pglite|bigquery|snowflake)(?=[/._-]|$)/i

interface FileFacts {
  readonly path: string
  readonly imports: ReadonlySet<string>
  readonly settings: Settings
  readonly host: Host
}

/** What the imports of a file, or else the dependencies of its package, say about the database behind unknown objects. */
export function engineOfFile({ path, imports, settings, host }: FileFacts): Engine {
  if (matchesGlob(settings.foreign, path)) return 'foreign'
  const own = enginesOf(imports)
  if (own.postgres && !own.foreign) return 'postgres'
  if (own.foreign && !own.postgres) return 'foreign'
  if (dialectPath.test(path)) return 'foreign'
  if (own.foreign) return 'mixed'
  const all = enginesOf(host.dependencies ?? new Set())
  if (all.postgres) return all.foreign ? 'mixed' : 'postgres'
  return all.foreign ? 'foreign' : 'none'
}

function enginesOf(names: ReadonlySet<string>): { readonly postgres: boolean; readonly foreign: boolean } {
  let postgres = false
  let foreign = false
  for (const name of names) {
    if (engineOf(name) === 'postgres') postgres = true
    else if (isForeignSql(name)) foreign = true
  }
  return { postgres, foreign }
}
