import { mayBuild } from './builders.ts'
import { driverModule } from './drivers.ts'
import type { Host } from './host.ts'
import type { Settings } from './settings.ts'

/** `'pg'`, `"drizzle-orm/pg-core"`: what can be an import of a driver. */
const driverWord = new RegExp(String.raw`pooler-safe|['"\`](?:${driverModule.source})(?:/[^'"\`\n]*)?['"\`]`)

/** The first word of a statement right after a quote, a hole or a line break inside a text. */
const statementInText = new RegExp(
  String.raw`(?:['"\`}]|\\n)(?:\s|\\[nrt]|--[^\n]*\n|/\*[^*]*\*/|\()*(?:` +
    String.raw`(?:begin|commit|rollback|abort|end|vacuum|checkpoint|listen|unlisten|notify)\b(?=[\s;'"\`\\])|` +
    String.raw`(?:select|values|with|explain)(?:[\s(]|\\[nrt]|['"\`]\s*\+)|` +
    String.raw`(?:insert|delete|merge|update|set|reset|discard|start|savepoint|release|prepare|execute|deallocate|fetch|move|close|lock|load|do|call|copy|create|alter|drop|truncate|grant|revoke|analyze|comment|refresh|reindex|cluster|show|table|security)(?:(?!\s*(?:\{|\w+\())\s|\\[nrt]|['"\`]\s*\+)|` +
    String.raw`declare\s[^\n]*\bcursor|import\s+foreign\s)`,
  'i',
)

/** What stands out wherever it is written. */
const hazardWord = /advisory_|set_config|\.prepare\(|\bnotification\b/i

/** `{ name, text }`, given to a driver that another file imports. */
const namedConfig = /\bname\b[^]*\btext\b|\btext\b[^]*\bname\b/
const runWord = /\b(?:query|execute|executeSql)\s*(?:<[^(]*)?\(/

/** With types, or with methods that the settings name, any call may run SQL. */
const looseWord =
  /quer|sql|execut|prepare|postgres|pool|knex|drizzle|kysely|prisma|sequelize|typeorm|mikro|slonik|transaction|pg-|['"]pg['"]|listen/i

/**
 * Whether a text can hold a finding, SQL or a directive. Most files of most projects cannot, and then nothing of them is
 * looked at. `isTyped`: types know more objects than the file names.
 */
export function mayMatter(source: string, settings: Settings, isTyped: boolean): boolean {
  if (driverWord.test(source) || statementInText.test(source) || hazardWord.test(source)) return true
  if (runWord.test(source) && namedConfig.test(source)) return true
  const isWide =
    isTyped ||
    [settings.wrapper, settings.executors].some((list) => list !== undefined && list.length > 0) ||
    settings.tags
  return Boolean(isWide) && looseWord.test(source)
}

/**
 * Whether a text can hold anything that an inventory lists: also what builders and ORMs write, and what runs on objects
 * that other files make with the wrapper. Only what the package depends on is looked for.
 */
export function mayHoldOperations(source: string, settings: Settings, host: Host): boolean {
  if (mayMatter(source, settings, host.declarationOf !== undefined)) return true
  const dependencies = host.dependencies ?? new Set<string>()
  // A file that belongs to no package may run on anything.
  const isWide = dependencies.size === 0 || dependencies.has('pooler-safe')
  return (isWide && looseWord.test(source)) || mayBuild(source, dependencies)
}
