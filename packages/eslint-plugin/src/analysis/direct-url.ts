import { isFunction, propertyName, walk, type Node } from './estree.ts'
import type { Settings } from './settings.ts'

/** The usual names of variables that hold the URL of the database itself. */
const directUrlNames = [
  'DIRECT_URL',
  'DIRECT_DATABASE_URL',
  'MIGRATION_DATABASE_URL',
  'DATABASE_URL_UNPOOLED',
  'POSTGRES_URL_NON_POOLING',
]

/** Whether options or arguments name a URL that goes past the pooler. */
export function namesDirectUrl(parts: readonly Node[], settings: Settings): boolean {
  const names = settings.sessionMode?.urlEnv ?? directUrlNames
  let direct = false
  for (const part of parts) {
    walk(part, (inner) => {
      if (inner.type === 'MemberExpression' && names.includes(propertyName(inner) ?? '')) direct = true
      return !direct && !isFunction(inner)
    })
  }
  return direct
}
