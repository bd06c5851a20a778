import { finding, type CodeFacts } from './code-facts.ts'
import { engineOf } from './drivers.ts'
import { findProperty, isNode, propertyName, unwrap, valueOfProperty, type Node } from './estree.ts'
import type { Edit, Finding } from './finding.ts'
import { errorHandlerFindings } from './pool-errors.ts'

const startupKeys = new Set([
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'options',
  'search_path',
])

/** The options that drivers are made with. */
export function configFindings(node: Node, facts: CodeFacts): readonly Finding[] {
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
