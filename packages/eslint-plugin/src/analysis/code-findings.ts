import { engineOf } from './drivers.ts'
import {
  findProperty,
  isFunction,
  isNode,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  unwrapAwait,
  valueOfProperty,
  type Node,
} from './estree.ts'
import type { Edit, Finding, Suggestion } from './finding.ts'
import type { Operation } from './operations.ts'
import { errorHandlerFindings } from './pool-errors.ts'
import { methodsOf, type Receivers } from './receivers.ts'
import type { Names } from './scope.ts'
import type { Settings } from './settings.ts'
import type { StaticSql } from './static-sql.ts'

/** What the findings about code (not SQL) need to know. */
export interface CodeFacts {
  readonly source: string
  readonly names: Names
  readonly sql: StaticSql
  readonly receivers: Receivers
  readonly settings: Settings
  readonly engine: string
  /** Whether the file holds tests. */
  isTest(): boolean
}

const startupKeys = new Set([
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'options',
  'search_path',
])

/** What is wrong with calls whatever SQL they run. */
export function codeFindings(
  nodes: readonly Node[],
  operations: readonly Operation[],
  facts: CodeFacts,
): readonly Finding[] {
  const findings: Finding[] = []
  for (const node of nodes) {
    if (node.type === 'CallExpression') findings.push(...callFindings(node, facts), ...configFindings(node, facts))
    else if (node.type === 'NewExpression') findings.push(...configFindings(node, facts), ...newFindings(node, facts))
  }
  for (const operation of operations) findings.push(...nameFindings(operation, facts))
  return findings
}

/** `{ name, text, values }` given to a driver. */
function nameFindings(operation: Operation, { source }: CodeFacts): readonly Finding[] {
  const { driver, name, receiver, sqlNode } = operation
  if (!name || receiver?.role === 'direct') return []
  if (driver !== 'pg' && driver !== 'unknown' && driver !== 'pg-boss' && driver !== 'pooler-safe') return []
  if (driver === 'unknown' && (operation.engine !== 'postgres' || !valueOfProperty(sqlNode, 'text'))) return []
  const fix = removeProperty(name, source)
  return [
    {
      rule: 'no-named-statement',
      hazard: 'named-parse',
      subject: 'name',
      range: name.range,
      operation,
      certain: true,
      // Taking the name away changes nothing but where the statement is parsed.
      ...(fix && isPlainValue(name) ? { fix: [fix] } : fix ? { suggestions: [{ title: '', edits: [fix] }] } : {}),
    },
  ]
}

/** Whether evaluating a property's value has no effect of its own. */
function isPlainValue(property: Node): boolean {
  if (!isNode(property.value)) return false
  const value = unwrap(property.value)
  return (
    value.type === 'Literal' ||
    value.type === 'Identifier' ||
    (value.type === 'TemplateLiteral' && value.expressions?.length === 0)
  )
}

/** The edit that takes a property out of its object, with its comma and line. */
function removeProperty(property: Node, source: string): Edit | undefined {
  const properties = property.parent?.properties
  if (!properties) return undefined
  const index = properties.indexOf(property)
  const next = properties[index + 1]
  const before = properties[index - 1]
  const between = next
    ? source.slice(property.range[1], next.range[0])
    : before && source.slice(before.range[1], property.range[0])
  // A comment would go, too.
  if (between === undefined || /\/[/*]/.test(between)) return undefined
  if (next) return { range: [property.range[0], next.range[0]], text: '' }
  return before ? { range: [before.range[1], property.range[1]], text: '' } : undefined
}

function callFindings(node: Node, facts: CodeFacts): readonly Finding[] {
  const { callee } = node
  if (!callee) return []
  const inner = unwrap(callee)
  const [first] = node.arguments ?? []
  if (inner.type === 'Identifier') {
    const found = facts.receivers.moduleNameOf(inner)
    if (found?.module === 'pg-listen') {
      return [finding('no-listen', 'listen', 'pg-listen', inner.range)]
    }
    return []
  }
  if (inner.type !== 'MemberExpression' || !inner.object || !inner.property) return []
  const method = propertyName(inner)
  if (method === 'listen' || method === 'subscribe') {
    const receiver = facts.receivers.of(inner.object)
    if (receiver?.driver !== 'postgres.js' || receiver.role === 'direct') return []
    return [finding('no-listen', 'listen', `.${method}()`, inner.property.range)]
  }
  if ((method === 'on' || method === 'addListener' || method === 'once') && nameOf(first) === 'notification' && first) {
    const receiver = facts.receivers.of(inner.object)
    if (receiver?.driver === 'foreign' || receiver?.role === 'direct') return []
    if (!receiver && facts.engine !== 'postgres') return []
    // An unknown emitter is a client only where the file has to do with SQL clients.
    if (!receiver && !/\b(?:LISTEN|listen)\s+["\w$]/.test(facts.source)) return []
    if (receiver && !/^(?:pg|knex|pooler-safe|unknown)$/.test(receiver.driver)) return []
    return [finding('no-listen', 'listen', `.${method}('notification')`, first.range)]
  }
  if (method === 'prepare' && first) return prepareFindings(node, inner, first, facts)
  return []
}

/** Drizzle's `.prepare('name')` on a builder chain, and `prepare` of pg-native. */
function prepareFindings(node: Node, callee: Node, first: Node, facts: CodeFacts): readonly Finding[] {
  if (!callee.object || !callee.property || facts.engine === 'foreign') return []
  const chain = methodsOf(callee.object)
  const isBuilder = chain.some((name) =>
    /^(?:select|selectDistinct|insert|update|delete|findFirst|findMany|query|\$count)$/.test(name),
  )
  const name = facts.sql.resolve(first)
  const isName = name.type === 'Literal' ? typeof name.value === 'string' : name.type === 'TemplateLiteral'
  if (!isName) return []
  let root: Node = callee.object
  for (;;) {
    const inner = unwrapAwait(root)
    if (inner.type === 'CallExpression' && inner.callee) root = inner.callee
    else if (inner.type === 'MemberExpression' && inner.object && inner.object.type !== 'ThisExpression')
      root = inner.object
    else break
  }
  const receiver = facts.receivers.of(root)
  if (receiver?.driver === 'foreign' || receiver?.role === 'direct') return []
  const isDrizzle = receiver?.driver === 'drizzle' || (!receiver && isBuilder && facts.engine === 'postgres')
  const isNative = receiver?.driver === 'pg' && (node.arguments ?? []).length >= 2
  if (!(isDrizzle && isBuilder) && !isNative) return []
  return [finding('no-named-statement', 'named-parse', '.prepare()', [callee.property.range[0], node.range[1]])]
}

/** `new PreparedStatement({ name })` of pg-promise. */
function newFindings(node: Node, { receivers }: CodeFacts): readonly Finding[] {
  const name = node.callee && nameOf(node.callee.type === 'MemberExpression' ? node.callee.property : node.callee)
  const [config] = node.arguments ?? []
  if (name !== 'PreparedStatement' || !node.callee || !config) return []
  const found = receivers.moduleNameOf(node.callee)
  if (found ? found.module !== 'pg-promise' : node.callee.type !== 'MemberExpression') return []
  const property = config.type === 'ObjectExpression' ? findProperty(config, 'name') : undefined
  return [
    finding('no-named-statement', 'named-parse', 'PreparedStatement', isNode(property) ? property.range : node.range),
  ]
}

/** The options that drivers are made with. */
function configFindings(node: Node, facts: CodeFacts): readonly Finding[] {
  if (!node.callee) return []
  const found = facts.receivers.moduleNameOf(node.callee)
  const exported = facts.receivers.exportedOf(node.callee)
  if (!exported || exported.driver === 'foreign' || exported.driver === 'pooler-safe') return []
  if (node.type === 'CallExpression' ? exported.as !== 'factory' : exported.as !== 'class') return []
  if (facts.receivers.of(node)?.role === 'direct') return []
  const configs = (node.arguments ?? []).map((argument) => facts.sql.resolve(argument))
  const objects = configs.filter((config) => config.type === 'ObjectExpression')
  const findings: Finding[] = []
  const isSeveral = found && engineOf(found.module) === 'several'
  if (isSeveral && facts.engine === 'foreign') return []
  if (exported.driver === 'postgres.js') findings.push(...postgresJsFindings(node, configs, facts))
  for (const config of objects) findings.push(...optionFindings(config, exported.driver, facts))
  const [first] = configs
  const url = first && (first.type === 'ObjectExpression' ? urlOf(first, facts) : first)
  if (url) findings.push(...urlFindings(url, exported.driver, objects, facts))
  if (exported.driver === 'pg' && exported.role === 'pool' && exported.as === 'class')
    findings.push(...errorHandlerFindings(node, facts))
  return findings
}

function urlOf(config: Node, facts: CodeFacts): Node | undefined {
  const value =
    valueOfProperty(config, 'connectionString') ??
    valueOfProperty(config, 'url') ??
    valueOfProperty(config, 'connection')
  return value && facts.sql.resolve(value)
}

/** `postgres(url)` names its statements unless told otherwise. */
function postgresJsFindings(node: Node, configs: readonly Node[], facts: CodeFacts): readonly Finding[] {
  const [first, second] = configs
  if (!first) return []
  const options = first.type === 'ObjectExpression' ? first : second
  if (options && options.type !== 'ObjectExpression') return []
  const url = first.type === 'ObjectExpression' ? undefined : textOf(first, facts)
  if (url !== undefined && /[?&]prepare=(?:false|0)\b/.test(url)) return []
  const prepare = options && findProperty(options, 'prepare')
  if (prepare === 'open') return []
  if (prepare) {
    const value = isNode(prepare.value) ? unwrap(prepare.value) : undefined
    const found = finding('no-named-statement', 'named-parse', 'prepare: true', prepare.range)
    return value?.type === 'Literal' && value.value === true
      ? [{ ...found, fix: [{ range: value.range, text: 'false' }] }]
      : []
  }
  const edits: Edit[] = []
  const [start] = options?.properties ?? []
  const last = node.arguments?.at(-1)
  if (options && isNode(options) && node.arguments?.includes(options)) {
    if (start) edits.push({ range: [start.range[0], start.range[0]], text: 'prepare: false, ' })
    else edits.push({ range: options.range, text: '{ prepare: false }' })
  } else if (!options && last) edits.push({ range: [last.range[1], last.range[1]], text: ', { prepare: false }' })
  const found = finding('no-named-statement', 'named-parse', 'postgres()', node.callee?.range ?? node.range)
  // As with a name that is taken away: statements are parsed elsewhere, and mean the same.
  return [edits.length > 0 ? { ...found, fix: edits } : found]
}

/** The text of a literal or template as far as it is known. */
function textOf(node: Node, facts: CodeFacts): string | undefined {
  const [pieces] = facts.sql.textsOf(node)
  const text = pieces?.map((piece) => ('hole' in piece ? '' : piece.text)).join('') ?? ''
  return text === '' ? undefined : text
}

export function optionFindings(config: Node, driver: string, facts: CodeFacts): readonly Finding[] {
  const findings: Finding[] = []
  const look = (object: Node, depth: number): void => {
    for (const property of object.properties ?? []) {
      const name = propertyName(property)
      const value = isNode(property.value) ? unwrap(property.value) : undefined
      if (name === undefined || !value || !property.key) continue
      const isNothing = value.type === 'Identifier' && value.name === 'undefined'
      if (isNothing) continue
      if (driver === 'knex' && name === 'searchPath') {
        findings.push(finding('no-connect-hook-state', 'on-connect-setup', 'searchPath', property.range))
      } else if (
        /^(?:connection|extra|dialectOptions|driverOptions|connectionParameters)$/.test(name) &&
        value.type === 'ObjectExpression' &&
        depth < 2
      ) {
        look(value, depth + 1)
      } else if (isStartupKey(name, value, driver, depth, facts)) {
        findings.push(finding('no-startup-parameters', 'startup-param-rejected', name, property.range))
      } else if (name === 'query_timeout' && (driver === 'pg' || depth > 0) && !hasStatementTimeout(object)) {
        findings.push(finding('no-client-only-timeout', 'query-timeout-client-only', name, property.range))
      } else if (name === 'pipeline' && driver === 'pg' && value.type === 'Literal' && value.value === true) {
        findings.push(finding('require-pooler-config', 'sync-pipelining', 'pipeline: true', property.range))
      } else if (name === 'statementNameGenerator') {
        findings.push(finding('no-named-statement', 'named-parse', name, property.range))
      }
    }
  }
  look(config, 0)
  return findings
}

function hasStatementTimeout(object: Node): boolean {
  return findProperty(object, 'statement_timeout') !== undefined
}

/** Where a driver takes start-up parameters: pg among its options, the others in the options of the connection. */
function isStartupKey(name: string, value: Node, driver: string, depth: number, facts: CodeFacts): boolean {
  if (!startupKeys.has(name)) return false
  if (driver !== 'pg' && depth === 0) return false
  if (name !== 'options')
    return value.type !== 'Literal' || (value.value !== 0 && value.value !== false && value.value !== null)
  const text = textOf(value, facts)
  return text !== undefined && /(?:^|\s)-c\s*\w|--\w/.test(text)
}

/** URLs of poolers, and the flags that their driver needs or does not know. */
function urlFindings(node: Node, driver: string, options: readonly Node[], facts: CodeFacts): readonly Finding[] {
  const text = textOf(node, facts)
  if (text === undefined || !/^postgres(?:ql)?:/.test(text)) return []
  const isPooled = /:6543\b|pooler\.supabase\.com|-pooler\./.test(text)
  if (driver === 'prisma' && isPooled && !/[?&]pgbouncer=true/.test(text)) {
    return [finding('require-pooler-config', 'url-flag-folklore', 'pgbouncer=true', node.range)]
  }
  if (driver === 'postgres.js' && /[?&]pgbouncer=/.test(text)) {
    return [finding('require-pooler-config', 'url-flag-folklore', 'pgbouncer', node.range)]
  }
  const parameter =
    /[?&](statement_timeout|lock_timeout|idle_in_transaction_session_timeout|options|search_path)=/.exec(text)?.[1]
  if (parameter && options.length >= 0) {
    return [finding('no-startup-parameters', 'startup-param-rejected', parameter, node.range)]
  }
  return []
}

/** A finding that the code itself confirms. */
export function finding(
  rule: Finding['rule'],
  hazard: NonNullable<Finding['hazard']>,
  subject: string,
  range: Finding['range'],
  suggestions: readonly Suggestion[] = [],
): Finding {
  return { rule, hazard, subject, range, certain: true, ...(suggestions.length > 0 ? { suggestions } : {}) }
}

/** The function that runs whenever a client connection is made or taken, if a node stands in one. */
export function connectHookAround(node: Node, receivers: Receivers): Node | undefined {
  let current: Node | null | undefined = node
  while (current) {
    if (isFunction(current) && isConnectHook(current, receivers)) return current
    current = current.parent
  }
  return undefined
}

const hookNames = new Set('afterCreate afterConnect onConnect onCreateConnection afterPoolAcquire verify'.split(' '))

function isConnectHook(target: Node, receivers: Receivers): boolean {
  const parent = parentOf(target)
  if (!parent) return false
  if (parent.type === 'Property') {
    const name = propertyName(parent) ?? ''
    return hookNames.has(name) && name !== 'verify'
  }
  if (parent.type !== 'CallExpression' || !parent.callee) return false
  const callee = unwrap(parent.callee)
  if (callee.type !== 'MemberExpression' || !callee.object) return false
  const method = propertyName(callee) ?? ''
  const event = nameOf(parent.arguments?.[0])
  if (/^(?:afterConnect|addHook)$/.test(method)) return method === 'afterConnect' || event === 'afterConnect'
  if (!/^(?:on|once|addListener)$/.test(method) || !/^(?:connect|acquire)$/.test(event ?? '')) return false
  const receiver = receivers.of(callee.object)
  return (
    receiver === undefined ||
    receiver.driver === 'pg' ||
    receiver.driver === 'unknown' ||
    receiver.driver === 'pooler-safe'
  )
}
