import { propertyName, unwrap, walk, type Node } from 'eslint-plugin-pooler-safe/analysis'
import type { ModuleFacts } from './module-facts.ts'

/** Calls inside of a transaction that may use the database themselves, which is refused there: they run on another backend. */
export function callDoubts(block: Node, isQuery: (node: Node) => boolean, facts: ModuleFacts): readonly string[] {
  const doubts: string[] = []
  walk(block, (node) => {
    if (isQuery(node)) return
    const line = `(line ${String(facts.line(node))})`
    if (node.type === 'TaggedTemplateExpression') doubts.push(`a template tag may use the database itself ${line}`)
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return
    if (!isHarmless(node, facts))
      doubts.push(`\`${facts.source(node.callee ?? node).slice(0, 40)}()\` may use the database itself ${line}`)
  })
  return doubts
}

const harmlessRoots = new Set(
  'JSON Math Object Number String Boolean BigInt Date Array Symbol Intl Buffer Set Map URL Error console'.split(' '),
)
const harmlessMethods = new Set(
  'map filter reduce find findIndex some every includes indexOf join slice splice push pop shift unshift sort reverse concat flat flatMap forEach keys values entries at trim toLowerCase toUpperCase split replace replaceAll startsWith endsWith padStart padEnd toString toISOString getTime toFixed has get set add test match'.split(
    ' ',
  ),
)

/** Calls of the language itself, which know nothing of databases. */
function isHarmless(call: Node, facts: ModuleFacts): boolean {
  const callee = call.callee && unwrap(call.callee)
  if (!callee) return false
  if (callee.type === 'Identifier') {
    const variable = facts.variableOf(callee)
    return (
      (!variable || variable.defs.length === 0) &&
      (harmlessRoots.has(String(callee.name)) || callee.name === 'parseInt')
    )
  }
  if (callee.type !== 'MemberExpression' || !callee.object) return false
  const object = unwrap(callee.object)
  if (object.type === 'Identifier') {
    const variable = facts.variableOf(object)
    if ((!variable || variable.defs.length === 0) && harmlessRoots.has(String(object.name))) return true
    // An object of another module may be anything.
    if (variable?.defs.some(({ type }) => type === 'ImportBinding')) return false
  }
  return harmlessMethods.has(propertyName(callee) ?? '')
}
