import { isNode, propertyName, unwrap, type Node } from 'eslint-plugin-pooler-safe/analysis'
import type { ModuleFacts } from './module-facts.ts'

/** The options of `createDatabase` as source, and why they may not mean the same. */
export interface MappedOptions {
  readonly source: string
  readonly doubts: readonly string[]
}

/** What cannot be written as options of `createDatabase`, and why. */
export interface Unmapped {
  readonly problem: string
}

/** Nothing but the environment (`PGHOST` and the others) says where the database is; `pg` reads it for this URL. */
const fromEnvironment = "'postgres:///'"
const longest = '2_147_483_647'

const sameOfPg: Readonly<Record<string, string>> = {
  max: 'max',
  ssl: 'ssl',
  password: 'password',
  types: 'types',
  allowExitOnIdle: 'allowExitOnIdle',
  application_name: 'applicationName',
  statement_timeout: 'statementTimeoutMs',
  lock_timeout: 'lockTimeoutMs',
  idle_in_transaction_session_timeout: 'idleInTransactionTimeoutMs',
  connectionTimeoutMillis: 'connectionTimeoutMs',
  idleTimeoutMillis: 'idleTimeoutMs',
}
const limits = /Millis$|_timeout$/

/** The options of `new Pool({ … })`. */
export function mapPgOptions(args: readonly Node[], facts: ModuleFacts): MappedOptions | Unmapped {
  const [given, ...more] = args
  if (more.length > 0) return { problem: 'the pool is given a client class of its own' }
  if (!given) return { source: `{ url: ${fromEnvironment} }`, doubts: [] }
  const read = readProperties(given, facts)
  if ('problem' in read) return read
  const mapped: string[] = []
  const doubts: string[] = []
  const address = new Map<string, string>()
  let url: string | undefined
  for (const { name, value, node } of read.properties) {
    const target = sameOfPg[name]
    if (name === 'connectionString') url = withFallback(node, value)
    else if (/^(?:host|port|user|database)$/.test(name)) address.set(name, value)
    else if (target !== undefined) mapped.push(option(target, limits.test(name) ? limit(node, value) : value))
    else if (name === 'keepAlive' && value === 'true') continue
    else doubts.push(`the option \`${name}\` has no counterpart`)
  }
  if (url !== undefined && address.size > 0) doubts.push('it has a URL and single options for the address')
  const place = url ?? addressOf(address)
  return { source: `{ ${[option('url', place), ...mapped].join(', ')} }`, doubts }
}

/** A URL of single options. Values are encoded where they run. */
function addressOf(parts: ReadonlyMap<string, string>): string {
  if (parts.size === 0) return fromEnvironment
  const part = (name: string): string | undefined => {
    const value = parts.get(name)
    if (value === undefined) return undefined
    const literal = /^'([\w.-]*)'$|^"([\w.-]*)"$|^(\d+)$/.exec(value)
    if (literal) return literal[1] ?? literal[2] ?? literal[3]
    return name === 'port' || name === 'host' ? `\${${value}}` : `\${encodeURIComponent(${value})}`
  }
  const user = part('user')
  const port = part('port')
  const text = `postgres://${user === undefined ? '' : `${user}@`}${part('host') ?? 'localhost'}${port === undefined ? '' : `:${port}`}/${part('database') ?? ''}`
  return text.includes('${') ? `\`${text}\`` : `'${text}'`
}

/** The URL and options of `postgres(url, { … })`. */
export function mapPostgresOptions(args: readonly Node[], facts: ModuleFacts): MappedOptions | Unmapped {
  const [first, second, ...more] = args
  if (more.length > 0) return { problem: 'it is called in a form that is not known' }
  const isObject = first !== undefined && unwrap(first).type === 'ObjectExpression'
  const url = first && !isObject ? withFallback(unwrap(first), facts.source(unwrap(first))) : undefined
  const options = isObject ? first : second
  if (!options) return { source: `{ url: ${url ?? fromEnvironment} }`, doubts: [] }
  const read = readProperties(options, facts)
  if ('problem' in read) return read
  const mapped: string[] = []
  const doubts: string[] = []
  const address = new Map<string, string>()
  for (const { name, value, node } of read.properties) {
    if (/^(?:host|port|database)$/.test(name)) address.set(name, value)
    else if (name === 'user' || name === 'username') address.set('user', value)
    else if (name === 'max') mapped.push(option('max', value))
    else if (name === 'pass' || name === 'password') mapped.push(option('password', value))
    else if (name === 'idle_timeout') mapped.push(option('idleTimeoutMs', seconds(node, value)))
    else if (name === 'connect_timeout') mapped.push(option('connectionTimeoutMs', seconds(node, value)))
    else if (name === 'prepare' || name === 'fetch_types') continue
    else if (name === 'ssl' && /^'require'$|^"require"$/.test(value)) mapped.push('ssl: { rejectUnauthorized: false }')
    else if (name === 'ssl' && (node.type === 'ObjectExpression' || /^(?:true|false)$/.test(value)))
      mapped.push(option('ssl', value))
    else if (name === 'connection' && node.type === 'ObjectExpression') {
      for (const inner of node.properties ?? []) {
        const key = propertyName(inner)
        if (key === 'application_name' && isNode(inner.value))
          mapped.push(option('applicationName', facts.source(inner.value)))
        else doubts.push(`the start-up parameter \`${key ?? '…'}\` has no counterpart`)
      }
    } else doubts.push(`the option \`${name}\` has no counterpart`)
  }
  if (url !== undefined && address.size > 0) doubts.push('it has a URL and single options for the address')
  return { source: `{ ${[option('url', url ?? addressOf(address)), ...mapped].join(', ')} }`, doubts }
}

interface Property {
  readonly name: string
  readonly value: string
  readonly node: Node
}

function readProperties(given: Node, facts: ModuleFacts): { readonly properties: readonly Property[] } | Unmapped {
  const object = unwrap(given)
  if (object.type !== 'ObjectExpression') return { problem: 'its options are not written out where it is made' }
  const properties: Property[] = []
  for (const property of object.properties ?? []) {
    const name = property.type === 'Property' ? propertyName(property) : undefined
    if (name === undefined || !isNode(property.value)) return { problem: 'its options come in part from elsewhere' }
    const node = unwrap(property.value)
    properties.push({ name, value: facts.source(property.value), node })
  }
  if (/\/[/*]/.test(facts.source(object).replace(/(['"`])(?:\\.|(?!\1).)*\1/g, '')))
    return { problem: 'a comment among its options would be lost' }
  return { properties }
}

/** What may be undefined leaves the address to the environment, as it does for `pg`. */
function withFallback(node: Node, source: string): string {
  if (node.type === 'Literal' || node.type === 'TemplateLiteral') return source
  if (node.type === 'LogicalExpression' || node.type === 'ConditionalExpression') return source
  return /\benv\b/.test(source) ? `${source} ?? ${fromEnvironment}` : source
}

/** 0 is no limit for the drivers. */
function limit(node: Node, source: string): string {
  return node.type === 'Literal' && node.value === 0 ? longest : source
}

function seconds(node: Node, source: string): string {
  if (node.type !== 'Literal' || typeof node.value !== 'number') return `(${source}) * 1000`
  return node.value === 0 ? longest : String(node.value * 1000)
}

function option(name: string, value: string): string {
  return name === value ? name : `${name}: ${value}`
}
