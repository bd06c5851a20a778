import { finding, type CodeFacts } from './code-facts.ts'
import {
  findProperty,
  isNode,
  nameOf,
  propertyName,
  unwrap,
  unwrapAwait,
  valueOfProperty,
  type Node,
} from './estree.ts'
import type { Edit, Finding } from './finding.ts'
import type { Operation } from './operation.ts'
import { configFindings } from './option-findings.ts'
import { methodsOf } from './receiver.ts'

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
