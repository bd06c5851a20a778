import type { CodeFacts } from './code-facts.ts'
import { finding } from './code-facts.ts'
import { modules } from './drivers.ts'
import {
  functionAround,
  isFunction,
  isInside,
  nameOf,
  parentOf,
  propertyName,
  unwrap,
  unwrapAwait,
  walk,
  type Node,
} from './estree.ts'
import type { Finding } from './finding.ts'
import { methodsOf } from './receiver.ts'
import type { Names } from './scope.ts'
import type { StaticSql } from './static-sql.ts'

/** `new Pool()` whose error event nobody handles. */
export function errorHandlerFindings(node: Node, facts: CodeFacts): readonly Finding[] {
  let place: Node = node
  let parent = parentOf(place)
  while (parent && /^(?:LogicalExpression|ConditionalExpression|AwaitExpression)$/.test(parent.type)) {
    place = parent
    parent = parentOf(parent)
  }
  if (!parent || facts.isTest()) return []
  // Whoever gets it may handle it.
  if (parent.type === 'ReturnStatement' || (parent.type === 'ArrowFunctionExpression' && parent.body === place))
    return []
  // `new Pool().on('error', …)`
  if (parent.type === 'MemberExpression') return []
  let name: string | undefined
  if (parent.type === 'VariableDeclarator') name = nameOf(parent.id)
  else if (parent.type === 'AssignmentExpression' && parent.left) {
    name = parent.left.type === 'MemberExpression' ? propertyName(parent.left) : nameOf(parent.left)
  } else if (parent.type === 'PropertyDefinition') name = propertyName(parent)
  else if (parent.type !== 'CallExpression' && parent.type !== 'NewExpression' && parent.type !== 'Property') return []
  if (name === undefined) {
    const owner = madeWith(place)
    if (owner !== undefined && isEnded(owner, node, facts)) return []
  }
  if (name !== undefined && isHandled(name, node, facts)) return []
  if (name === undefined && parent.type === 'CallExpression' && !isLibrary(parent, facts)) return []
  if (!node.callee) return []
  return [finding('require-pool-error-handler', 'pool-error-unhandled', 'Pool', node.callee.range)]
}

/** The variable whose value is made with a node as a part of it: `const db = new Kysely({ dialect: new Dialect({ pool }) })`. */
function madeWith(node: Node): string | undefined {
  let current = parentOf(node)
  while (current && /^(?:Property|ObjectExpression|NewExpression|CallExpression|AwaitExpression)$/.test(current.type))
    current = parentOf(current)
  return current?.type === 'VariableDeclarator' ? nameOf(current.id) : undefined
}

/** Whether an object that holds the pool is done with in the function that makes it. */
function isEnded(name: string, made: Node, facts: CodeFacts): boolean {
  let ended = false
  walk(functionAround(made), (node) => {
    const callee = node.type === 'CallExpression' && node.callee ? unwrap(node.callee) : undefined
    if (callee?.type !== 'MemberExpression' || !callee.object || nameOf(unwrap(callee.object)) !== name) return !ended
    ended ||= /^(?:destroy|end|close)$/.test(propertyName(callee) ?? '') && endsSoon(node, made, facts)
    return !ended
  })
  return ended
}

/** Whether a call hands the pool to a library that is known to add no handler. */
function isLibrary(call: Node, { receivers }: CodeFacts): boolean {
  const found = call.callee && receivers.moduleNameOf(call.callee)
  return found !== undefined && modules[found.module] !== undefined
}

/** Whether the file handles errors of the variable or field, returns it, or hands it to a function that may. */
function isHandled(name: string, made: Node, facts: CodeFacts): boolean {
  const { receivers } = facts
  let program = made
  while (program.parent) program = program.parent
  let handled = false
  walk(program, (node) => {
    if (handled) return false
    if (node.type === 'CallExpression' && node.callee) {
      const callee = unwrap(node.callee)
      if (callee.type === 'MemberExpression' && callee.object) {
        const object = unwrap(callee.object)
        const target = object.type === 'MemberExpression' ? propertyName(object) : nameOf(object)
        const method = propertyName(callee) ?? ''
        const event = nameOf(node.arguments?.[0])
        if (
          target === name &&
          /^(?:on|once|addListener|prependListener)$/.test(method) &&
          (event === 'error' || event === undefined)
        ) {
          handled = true
        }
        if (target === name && method === 'end' && endsSoon(node, made, facts)) handled = true
        // `pool.on('connect', …).on('error', …)`
        if (
          /^(?:on|once|addListener)$/.test(method) &&
          event === 'error' &&
          methodsOf(object).length > 0 &&
          rootName(object) === name
        )
          handled = true
      }
      if (callee.type === 'Identifier' && !receivers.moduleNameOf(callee)) {
        handled ||= (node.arguments ?? []).some((argument) => nameOf(unwrap(argument)) === name)
      }
    }
    if (node.type === 'ReturnStatement' && node.argument && nameOf(unwrap(node.argument)) === name) handled = true
    return true
  })
  return handled
}

function rootName(node: Node): string | undefined {
  let current = unwrapAwait(node)
  for (;;) {
    if (current.type === 'CallExpression' && current.callee) current = unwrap(current.callee)
    else if (current.type === 'MemberExpression' && current.object) {
      if (current.object.type === 'ThisExpression') return propertyName(current)
      current = unwrapAwait(current.object)
    } else return nameOf(current)
  }
}

/**
 * Whether a pool is ended by the function that makes it, or by a script at its end: it does not live long enough to see
 * a pooler restart while nobody waits for it.
 */
function endsSoon(end: Node, made: Node, { sql, names }: CodeFacts): boolean {
  const home = functionAround(made)
  if (isFunction(home)) return isInside(end, home) && isWithin(end, home)
  for (let owner = functionAround(end); isFunction(owner); owner = functionAround(owner)) {
    if (!runsAtOnce(owner, home, sql, names)) return false
  }
  return true
}

/** Whether a node runs in the course of a function, not in one that it hands out or leaves behind for an event. */
function isWithin(node: Node, home: Node): boolean {
  for (let owner = functionAround(node); owner !== home; owner = functionAround(owner)) {
    const call = parentOf(owner)
    if (call?.type !== 'CallExpression' && call?.type !== 'NewExpression') return false
    const callee = call.callee && unwrap(call.callee)
    const method = callee?.type === 'MemberExpression' ? (propertyName(callee) ?? '') : ''
    if (/^(?:on|once|addListener|addEventListener)$/.test(method)) return false
  }
  return true
}

/** `main().catch(…)`, `.finally(() => …)`: functions that the module calls when it is loaded. */
function runsAtOnce(owner: Node, program: Node, sql: StaticSql, names: Names): boolean {
  const call = parentOf(owner)
  if (call?.type === 'CallExpression') {
    const callee = call.callee && unwrap(call.callee)
    if (callee === owner) return functionAround(call) === program || isFunction(functionAround(call))
    return callee?.type === 'MemberExpression' && /^(?:then|catch|finally)$/.test(propertyName(callee) ?? '')
  }
  const id = owner.type === 'FunctionDeclaration' ? owner.id : call?.type === 'VariableDeclarator' ? call.id : undefined
  const variable = id?.type === 'Identifier' ? names.lookUp(String(id.name), id) : undefined
  return (
    variable?.references.some(({ identifier }) => {
      const parent = (identifier as Node).parent
      return (
        parent?.type === 'CallExpression' &&
        parent.callee === identifier &&
        functionAround(parent) === program &&
        sql.functionOf(identifier as Node) === owner
      )
    }) === true
  )
}
