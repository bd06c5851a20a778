import { ModuleSyntaxError, parseModule } from '../parse-module.ts'
import type { FoundConfig } from './config-findings.ts'
import type { Node } from 'eslint-plugin-pooler-safe/analysis'

type Found = Omit<FoundConfig, 'driver'>

/** Options whose value is a connection. */
const holders = new Set(['connection', 'dbCredentials', 'datasource', 'connectionString', 'driverOptions'])
const postgresNames = /^(?:pg|postgres|postgresql|pg-native|cockroachdb)$/
const deepest = 200

/** Connections that are written out in a module. */
export function optionsInCode(
  path: string,
  source: string,
): { readonly found: readonly Found[]; readonly problem?: { readonly note: string; readonly offset: number } } {
  try {
    const { program } = parseModule(path, source)
    const found: Found[] = []
    visit(program, 0)
    return { found }

    function visit(value: unknown, depth: number): void {
      if (depth > deepest) return
      if (Array.isArray(value)) {
        for (const item of value) visit(item, depth + 1)
        return
      }
      if (!isNode(value)) return
      if (value.type === 'ObjectExpression') {
        found.push(...connectionsOf(value))
      }
      for (const [key, child] of Object.entries(value)) if (key !== 'parent' && key !== 'range') visit(child, depth + 1)
    }
  } catch (error) {
    if (!(error instanceof ModuleSyntaxError)) throw error
    return { found: [], problem: { note: `not read: ${error.message}`, offset: error.offset } }
  }
}

function connectionsOf(object: Node): readonly Found[] {
  const found: Found[] = []
  const { value, keys } = readObject(object)
  const named = [value['type'], value['client'], value['dialect']]
  if (named.some((name) => typeof name === 'string' && postgresNames.test(name)) && isAddress(value)) {
    found.push({ name: 'options', value, range: object.range, keys })
  }
  for (const property of propertiesOf(object)) {
    const name = keyOf(property)
    const given = property.value
    if (name === undefined || !holders.has(name) || !isNode(given)) continue
    if (given.type === 'ObjectExpression') {
      const inner = readObject(given)
      if (isAddress(inner.value)) found.push({ name, value: inner.value, range: given.range, keys: inner.keys })
      continue
    }
    const text = readValue(given)
    if (typeof text === 'string' && /^postgres(?:ql)?:/.test(text))
      found.push({ name, value: text, range: given.range })
  }
  return found
}

function isAddress(value: Readonly<Record<string, unknown>>): boolean {
  return ['host', 'url', 'connectionString', 'port', 'database', 'options', 'statement_timeout'].some(
    (key) => key in value,
  )
}

/** Connections in a file of JSON, which has no places but the whole. */
export function optionsInJson(source: string): readonly Found[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch {
    return undefined
  }
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.flatMap((item): readonly Found[] => {
    if (typeof item !== 'object' || item === null) return []
    const options = item as Readonly<Record<string, unknown>>
    const named = [options['type'], options['client'], options['dialect']]
    if (!named.some((name) => typeof name === 'string' && postgresNames.test(name))) return []
    const inner = options['connection'] ?? options['dbCredentials'] ?? options
    if (typeof inner !== 'object' && typeof inner !== 'string') return []
    return [{ name: 'options', value: inner as Found['value'], range: [0, 1] }]
  })
}

function readObject(object: Node): {
  readonly value: Readonly<Record<string, unknown>>
  readonly keys: ReadonlyMap<string, readonly [number, number]>
} {
  const value: Record<string, unknown> = {}
  const keys = new Map<string, readonly [number, number]>()
  for (const property of propertiesOf(object)) {
    const name = keyOf(property)
    if (name === undefined || !isNode(property.value)) continue
    value[name] = readValue(property.value)
    keys.set(name, property.range)
  }
  return { value, keys }
}

function propertiesOf(object: Node): readonly Node[] {
  const list = (object as { readonly properties?: readonly Node[] }).properties ?? []
  return list.filter(({ type }) => type === 'Property')
}

function keyOf({ key, computed }: Node): string | undefined {
  if (computed === true || !isNode(key)) return undefined
  if (key.type === 'Identifier') return String(key.name)
  return typeof key.value === 'string' ? key.value : undefined
}

/** What a value is, as far as the file says; nothing for what comes from elsewhere. */
function readValue(node: Node): unknown {
  switch (node.type) {
    case 'Literal':
      return node.value
    case 'TemplateLiteral': {
      const [only, ...more] = node.quasis ?? []
      return more.length === 0 ? (only?.value as { readonly cooked?: string } | undefined)?.cooked : undefined
    }
    case 'ObjectExpression':
      return readObject(node).value
    case 'LogicalExpression':
      // `process.env.DATABASE_URL ?? 'postgres://…'`
      return isNode(node.right) ? readValue(node.right) : undefined
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
      return isNode(node.expression) ? readValue(node.expression) : undefined
  }
  return undefined
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}
