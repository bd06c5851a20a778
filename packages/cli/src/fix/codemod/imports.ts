import {
  isInside,
  isNode,
  nameOf,
  removalOf,
  type Edit,
  type Node,
  type Variable,
} from 'eslint-plugin-pooler-safe/analysis'
import { usesOf } from './handles.ts'
import { moduleOfRequire, type ModuleFacts } from './module-facts.ts'

const wanted = 'createDatabase'
const source = 'pooler-safe'

/** The name that `createDatabase` has in a file, and the edit that brings it there. */
export function importOfWrapper(
  facts: ModuleFacts,
  replaced: readonly Variable[],
  gone: readonly Edit[],
): { readonly name: string; readonly edits: readonly Edit[] } {
  const unused = replaced.filter((variable) => usesOf(variable).every((use) => isGone(use, gone)))
  const removals = unused.flatMap((variable) => removalOfName(variable, facts))
  const known = facts.find(
    (node) =>
      node.type === 'ImportSpecifier' && nameOf(node.imported) === wanted && nameOf(node.parent?.source) === source,
  )[0]
  if (known?.local) return { name: nameOf(known.local) ?? wanted, edits: removals.map(({ edit }) => edit) }
  const isRequired = replaced.some((variable) => variable.defs.some(({ type }) => type === 'Variable'))
  const line = isRequired ? `const { ${wanted} } = require('${source}')` : `import { ${wanted} } from '${source}'`
  const [whole] = removals.filter(({ isWhole }) => isWhole)
  if (whole) {
    const semicolon = facts.source(whole.statement).endsWith(';') ? ';' : ''
    const others = removals.filter((one) => one !== whole).map(({ edit }) => edit)
    return { name: wanted, edits: [...others, { range: whole.statement.range, text: line + semicolon }] }
  }
  const after = replaced.map(statementOf).find((node) => node !== undefined)
  const semicolon = after && facts.source(after).endsWith(';') ? ';' : ''
  const place = after ? after.range[1] : 0
  const text = after ? `\n${line}${semicolon}` : `${line}\n`
  return { name: wanted, edits: [...removals.map(({ edit }) => edit), { range: [place, place], text }] }
}

function isGone(use: Node, gone: readonly Edit[]): boolean {
  return gone.some(({ range }) => range[0] <= use.range[0] && use.range[1] <= range[1])
}

interface Removal {
  readonly edit: Edit
  readonly isWhole: boolean
  readonly statement: Node
}

function removalOfName(variable: Variable, facts: ModuleFacts): readonly Removal[] {
  const statement = statementOf(variable)
  const [definition] = variable.defs
  if (!statement || !definition || !isNode(definition.node)) return []
  const list = statement.type === 'ImportDeclaration' ? (statement.specifiers ?? []) : namesOfRequire(statement)
  if (list.length <= 1)
    return [{ statement, isWhole: true, edit: { range: removalOf(facts.text, statement.range), text: '' } }]
  const index = list.findIndex((one) => isNode(definition.name) && isInside(definition.name, one))
  const own = list[index]
  // `import pg, { Pool } from 'pg'` and the like: rare enough to be left for the linter.
  if (!own || list.some(({ type }) => type !== own.type)) return []
  const next = list[index + 1]
  const before = list[index - 1]
  const range = next
    ? ([own.range[0], next.range[0]] as const)
    : ([before?.range[1] ?? own.range[0], own.range[1]] as const)
  return [{ statement, isWhole: false, edit: { range, text: '' } }]
}

/** The import or `require` that a variable comes from. */
function statementOf(variable: Variable): Node | undefined {
  const [definition] = variable.defs
  if (!definition || !isNode(definition.node)) return undefined
  if (definition.type === 'ImportBinding') return isNode(definition.parent) ? definition.parent : undefined
  const { init, parent } = definition.node
  const isRequire = init != null && moduleOfRequire(init) !== undefined
  return isRequire && parent?.declarations?.length === 1 ? parent : undefined
}

function namesOfRequire(statement: Node): readonly Node[] {
  const id = statement.declarations?.[0]?.id
  return id?.type === 'ObjectPattern' ? (id.properties ?? []) : id ? [id] : []
}
