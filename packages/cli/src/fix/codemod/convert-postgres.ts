import {
  functionAround,
  isFunction,
  isInside,
  isNode,
  parentOf,
  propertyName,
  unwrap,
  type Edit,
  type Node,
  type Variable,
} from 'eslint-plugin-pooler-safe/analysis'
import { callDoubts } from './call-doubts.ts'
import { useOf, usesOf } from './handles.ts'
import type { ModuleFacts } from './module-facts.ts'
import { onlyStatement } from './plain-query.ts'

export interface ConvertedTags {
  readonly edits: readonly Edit[]
  /** Why the result may not mean the same. */
  readonly doubts: readonly string[]
  /** What cannot be written on a database at all. */
  readonly problems: readonly string[]
}

/** What the statements are run on. */
type Place = 'database' | 'transaction'

/** Rewrites the uses of a tag of postgres.js to queries with numbered parameters on `db`. */
export function convertPostgresUses(
  uses: readonly Node[],
  db: string,
  facts: ModuleFacts,
  place: Place = 'database',
): ConvertedTags {
  const edits: Edit[] = []
  const doubts: string[] = []
  const problems: string[] = []
  for (const node of uses) {
    const line = `line ${String(facts.line(node))}`
    const { access, call, method } = useOf(node)
    const tagged = parentOf(node)
    if (tagged?.type === 'TaggedTemplateExpression' && tagged.tag && unwrap(tagged.tag) === node) {
      const made = queryOfTag(tagged, db, facts, place)
      edits.push(...made.edits)
      doubts.push(...made.doubts.map((doubt) => `${doubt} (${line})`))
    } else if (method === 'begin' && call) {
      const made = transactionOf(call, access, node, db, facts)
      if ('problem' in made) problems.push(`${made.problem} (${line})`)
      else {
        edits.push(...made.edits)
        doubts.push(...made.doubts)
        problems.push(...made.problems)
      }
    } else if (method === 'end' && call && access?.property) {
      edits.push({ range: node.range, text: db }, { range: access.property.range, text: 'close' })
      const [argument] = call.arguments ?? []
      if (argument) {
        edits.push({ range: argument.range, text: '' })
        doubts.push(`\`close()\` has no timeout (${line})`)
      }
    } else
      problems.push(
        `\`${
          facts
            .source(parentOf(node) ?? node)
            .split('\n')[0]
            ?.slice(0, 40) ?? ''
        }\` has no counterpart (${line})`,
      )
  }
  return { edits, doubts: [...new Set(doubts)], problems }
}

function transactionOf(
  call: Node,
  access: Node | undefined,
  node: Node,
  db: string,
  facts: ModuleFacts,
): ConvertedTags | { readonly problem: string } {
  const [work, ...more] = call.arguments ?? []
  if (!work || !isFunction(work) || more.length > 0) return { problem: '`begin` is called with options' }
  const [parameter] = work.params
  const variable = parameter?.type === 'Identifier' ? facts.variableOf(parameter) : undefined
  if (!variable || !parameter || !access?.property)
    return { problem: 'the callback of `begin` does not name its transaction' }
  if (work.async !== true) return { problem: 'the callback of `begin` is not async' }
  const tx = facts.freeName('tx')
  const inner = convertPostgresUses(usesOf(variable), tx, facts, 'transaction')
  const doubts = [...inner.doubts, ...callDoubts(work, (query) => isTagOf(query, variable, facts), facts)]
  return {
    edits: [
      { range: node.range, text: db },
      { range: access.property.range, text: 'transaction' },
      { range: parameter.range, text: tx },
      ...inner.edits,
    ],
    doubts,
    problems: inner.problems,
  }
}

function isTagOf(node: Node, variable: Variable, facts: ModuleFacts): boolean {
  if (node.type !== 'TaggedTemplateExpression' || !node.tag) return false
  const tag = unwrap(node.tag)
  return tag.type === 'Identifier' && facts.variableOf(tag) === variable
}

function queryOfTag(
  tagged: Node,
  db: string,
  facts: ModuleFacts,
  place: Place,
): { readonly edits: readonly Edit[]; readonly doubts: readonly string[] } {
  const doubts: string[] = []
  const { quasi } = tagged
  const quasis = quasi?.quasis ?? []
  const holes = quasi?.expressions ?? []
  const statement = onlyStatement(facts.operations.get(tagged))
  const belongs =
    place === 'transaction'
      ? statement?.verdict === 'safe' || statement?.verdict === 'tx'
      : statement?.verdict === 'safe'
  if (!belongs || statement?.command !== 'other') doubts.push('its SQL cannot be read as one statement')
  const texts = quasis.map((part) => (part.value as { readonly raw: string }).raw)
  if (texts.some((text) => text.includes('$'))) doubts.push('its text holds a "$"')
  for (const hole of holes)
    if (!isValue(hole, facts))
      doubts.push(`\`${facts.source(hole).slice(0, 40)}\` may be a fragment of SQL, or undefined`)
  const text = texts.map((part, index) => (index === 0 ? part : `$${String(index)}${part}`)).join('')
  const literal = /['\\\n`]/.test(text) ? `\`${text}\`` : `'${text}'`
  const values = holes.length === 0 ? '' : `, [${holes.map((hole) => facts.source(hole)).join(', ')}]`
  const result = resultOf(tagged, facts)
  if (result.doubt !== undefined) doubts.push(result.doubt)
  const query = `${db}.query${rowType(tagged, facts)}(${literal}${values})`
  const { awaited } = result
  if (!awaited) return { edits: [{ range: tagged.range, text: query }], doubts }
  return { edits: [{ range: awaited.range, text: result.asRows ? `(await ${query}).rows` : `await ${query}` }], doubts }
}

/** `` sql<Row[]>`…` `` */
function rowType(tagged: Node, facts: ModuleFacts): string {
  const parameters = (tagged.typeArguments as { readonly params?: readonly Node[] } | null | undefined)?.params
  const [rows] = parameters ?? []
  if (!rows) return ''
  const source = facts.source(rows)
  return source.endsWith('[]') ? `<${source.slice(0, -2).replace(/^\((.*)\)$/s, '$1')}>` : `<(${source})[number]>`
}

const arrayMembers = new Set(
  'length map filter forEach find findIndex some every reduce slice at flatMap join includes indexOf entries keys values concat'.split(
    ' ',
  ),
)

/** What is done with the rows: postgres.js gives an array that knows more than an array does. */
function resultOf(
  tagged: Node,
  facts: ModuleFacts,
): { readonly awaited: Node | undefined; readonly asRows: boolean; readonly doubt?: string } {
  const awaited = parentOf(tagged)
  if (awaited?.type !== 'AwaitExpression')
    return { awaited: undefined, asRows: false, doubt: 'it is not waited for where it is sent' }
  const user = parentOf(awaited)
  if (user?.type === 'ExpressionStatement') return { awaited, asRows: false }
  if (user && isArrayUse(user, awaited)) return { awaited, asRows: true }
  if (user?.type === 'VariableDeclarator' && user.id?.type === 'ArrayPattern') return { awaited, asRows: true }
  if (user?.type === 'VariableDeclarator' && user.id?.type === 'Identifier') {
    const variable = facts.variableOf(user.id)
    const isArray =
      variable &&
      usesOf(variable).every((use) => {
        const parent = parentOf(use)
        return parent !== undefined && isArrayUse(parent, use)
      })
    if (isArray === true) return { awaited, asRows: true }
  }
  if (user?.type === 'ReturnStatement' && returnsArray(functionAround(user), facts)) return { awaited, asRows: true }
  return { awaited, asRows: true, doubt: 'its result is handed on, which has `count` and `columns` in postgres.js' }
}

function isArrayUse(user: Node, used: Node): boolean {
  if (user.type === 'ForOfStatement') return user.right !== undefined && isInside(used, user.right)
  if (user.type === 'SpreadElement') return parentOf(user)?.type === 'ArrayExpression'
  if (user.type === 'VariableDeclarator') return user.id?.type === 'ArrayPattern'
  if (user.type !== 'MemberExpression') return false
  if (user.computed === true)
    return isNode(user.property) && user.property.type !== 'TemplateLiteral' && typeof user.property.value !== 'string'
  return arrayMembers.has(propertyName(user) ?? '')
}

function returnsArray(owner: Node, facts: ModuleFacts): boolean {
  if (!owner.returnType) return false
  return /^:\s*Promise<\s*(?:readonly\s+)?[\w.]+\[\]\s*>$/.test(facts.source(owner.returnType).trim())
}

const plainTypes =
  /^(?:string|number|boolean|bigint|null|'[^']*'|"[^"]*"|\d+)(?:\s*\|\s*(?:string|number|boolean|bigint|null|'[^']*'|"[^"]*"|\d+))*$/

/** Whether an expression is a value that both drivers send in the same way, as far as the file shows. */
function isValue(given: Node, facts: ModuleFacts, depth = 0): boolean {
  const node = unwrap(given)
  if (depth > 4) return false
  if (node.type === 'Literal') return true
  if (node.type === 'TemplateLiteral') return true
  if (node.type === 'MemberExpression') return propertyName(node) === 'length'
  if (node.type === 'BinaryExpression')
    return [node.left, node.right].every((side) => side !== undefined && isValue(side, facts, depth + 1))
  if (node.type === 'CallExpression' && node.callee)
    return /^(?:String|Number|JSON\.stringify|crypto\.randomUUID|randomUUID|Date\.now)$/.test(facts.source(node.callee))
  if (node.type !== 'Identifier') return false
  const variable = facts.variableOf(node)
  const [definition] = variable?.defs ?? []
  if (!definition || !isNode(definition.name) || !isNode(definition.node)) return false
  const annotation = typeOf(definition.name, facts)
  if (annotation !== undefined)
    return plainTypes.test(annotation) && (definition.name as { readonly optional?: boolean }).optional !== true
  if (definition.type !== 'Variable' || definition.node.id !== definition.name) return false
  if (definition.node.init) return isConstant(definition.node) && isValue(definition.node.init, facts, depth + 1)
  return isElement(definition.node, facts)
}

function isConstant(declarator: Node): boolean {
  return declarator.parent?.kind === 'const'
}

/** `for (const url of urls)` over a parameter of type `string[]`. */
function isElement(declarator: Node, facts: ModuleFacts): boolean {
  const loop = declarator.parent?.parent
  if (loop?.type !== 'ForOfStatement' || !loop.right) return false
  const list = unwrap(loop.right)
  const [definition] = (list.type === 'Identifier' ? facts.variableOf(list)?.defs : undefined) ?? []
  const annotation = definition && isNode(definition.name) ? typeOf(definition.name, facts) : undefined
  const element = /^(?:readonly\s+)?(\w+)\[\]$/.exec(annotation ?? '')?.[1]
  return element !== undefined && plainTypes.test(element)
}

function typeOf(name: Node, facts: ModuleFacts): string | undefined {
  return name.typeAnnotation ? facts.source(name.typeAnnotation).replace(/^:\s*/, '').trim() : undefined
}
