import {
  functionAround,
  isFunction,
  isInside,
  isNode,
  nameOf,
  parentOf,
  propertyName,
  removalOf,
  unwrap,
  walk,
  type Edit,
  type Node,
  type Reference,
  type Variable,
} from 'eslint-plugin-pooler-safe/analysis'
import { callDoubts } from './call-doubts.ts'
import { isPlainQuery, onlyStatement, standsAlone } from './plain-query.ts'
import type { ModuleFacts } from './module-facts.ts'

/** What a checked-out client is used for, rewritten. */
export interface RewrittenBlock {
  readonly title: string
  readonly edits: readonly Edit[]
  /** Why it may not mean the same; empty when it does. */
  readonly doubts: readonly string[]
  /** The source that the edits deal with: nothing else may change in it, except for uses of the pool. */
  readonly client: Variable
}

export interface Unmatched {
  readonly problem: string
}

interface Parts {
  readonly declaration: Node
  readonly client: Variable
  readonly beforeTry: readonly Node[]
  readonly attempt: Node
  readonly body: readonly Node[]
  readonly finalizer: readonly Node[]
  readonly handler:
    { readonly node: Node; readonly parameter: string | undefined; readonly body: readonly Node[] } | undefined
  readonly queries: ReadonlyMap<Node, Reference>
}

/**
 * Rewrites `const client = await pool.connect(); try { … } finally { client.release() }`: with BEGIN and COMMIT to a transaction
 * of `db`, without to single queries. `connect` is the call.
 */
export function rewriteBlock(
  connect: Node,
  db: string,
  isHandle: (node: Node) => boolean,
  facts: ModuleFacts,
): RewrittenBlock | Unmatched {
  const parts = partsOf(connect, facts)
  if ('problem' in parts) return parts
  const commands = [...parts.queries.keys()].map((query) => commandOf(query, facts))
  return commands.some((command) => command === 'begin' || command === 'commit' || command === 'rollback')
    ? toTransaction(parts, db, isHandle, facts)
    : toQueries(parts, db, facts)
}

function partsOf(connect: Node, facts: ModuleFacts): Parts | Unmatched {
  const awaited = parentOf(connect)
  const declarator = awaited?.type === 'AwaitExpression' ? parentOf(awaited) : undefined
  const declaration = declarator?.parent
  if (
    declarator?.type !== 'VariableDeclarator' ||
    declarator.id?.type !== 'Identifier' ||
    declaration?.type !== 'VariableDeclaration'
  )
    return { problem: 'the client is not kept in a constant of its own' }
  const client = facts.variableOf(declarator.id)
  if (declaration.kind !== 'const' || declaration.declarations?.length !== 1 || !client)
    return { problem: 'the client is not kept in a constant of its own' }
  const block = declaration.parent
  const statements = block && Array.isArray(block.body) ? (block.body as readonly Node[]) : []
  const index = statements.indexOf(declaration)
  const attemptAt = statements.findIndex((statement, position) => position > index && statement.type === 'TryStatement')
  const attempt = statements[attemptAt]
  if (!attempt?.block || index < 0) return { problem: 'no `try` follows' }
  const beforeTry = statements.slice(index + 1, attemptAt)
  if (beforeTry.some((statement) => queryOf(statement, facts) === undefined))
    return { problem: 'other statements stand between it and the `try`' }
  const queries = new Map<Node, Reference>()
  const finalizer = listOf(attempt.finalizer)
  const releases = finalizer.filter((statement) => isRelease(statement, client, facts))
  if (releases.length !== 1) return { problem: 'the client is not released in the `finally` of that `try`' }
  for (const reference of client.references) {
    const identifier = reference.identifier as Node
    if (identifier === declarator.id || reference.isWrite()) continue
    if (releases.some((statement) => isInside(identifier, statement))) continue
    const access = parentOf(identifier)
    const call = access && parentOf(access)
    const isQuery =
      access?.type === 'MemberExpression' &&
      access.object !== undefined &&
      unwrap(access.object) === identifier &&
      propertyName(access) === 'query' &&
      call?.type === 'CallExpression' &&
      call.callee !== undefined &&
      unwrap(call.callee) === access
    if (!isQuery)
      return { problem: `the client is used for more than queries (line ${String(facts.line(identifier))})` }
    queries.set(call, reference)
  }
  const { handler } = attempt
  const parameter = handler && (handler as { readonly param?: unknown }).param
  return {
    declaration,
    client,
    beforeTry,
    attempt,
    body: listOf(attempt.block),
    finalizer: finalizer.filter((statement) => !releases.includes(statement)),
    handler: handler
      ? {
          node: handler,
          parameter: isNode(parameter) ? nameOf(parameter) : undefined,
          body: listOf(isNode(handler.body) ? handler.body : undefined),
        }
      : undefined,
    queries,
  }
}

function listOf(block: Node | null | undefined): readonly Node[] {
  return block && Array.isArray(block.body) ? (block.body as readonly Node[]) : []
}

/** The call of `await client.query(…)` as a statement, errors of it swallowed or not. */
function queryOf(statement: Node, facts: ModuleFacts): Node | undefined {
  if (statement.type !== 'ExpressionStatement' || !isNode(statement.expression)) return undefined
  const awaited = unwrap(statement.expression)
  if (awaited.type !== 'AwaitExpression' || !awaited.argument) return undefined
  let call = unwrap(awaited.argument)
  if (
    call.type === 'CallExpression' &&
    call.callee?.type === 'MemberExpression' &&
    propertyName(call.callee) === 'catch' &&
    call.callee.object
  )
    call = unwrap(call.callee.object)
  return facts.operations.has(call) ? call : undefined
}

function isRelease(statement: Node, client: Variable, facts: ModuleFacts): boolean {
  if (statement.type !== 'ExpressionStatement' || !isNode(statement.expression)) return false
  const call = unwrap(statement.expression)
  if (call.type !== 'CallExpression' || call.callee?.type !== 'MemberExpression' || !call.callee.object) return false
  const object = unwrap(call.callee.object)
  return (
    propertyName(call.callee) === 'release' &&
    (call.arguments ?? []).length === 0 &&
    object.type === 'Identifier' &&
    facts.variableOf(object) === client
  )
}

function commandOf(query: Node, facts: ModuleFacts): string | undefined {
  return onlyStatement(facts.operations.get(query))?.command
}

/** Without a transaction every statement may run on any backend, when it leaves nothing behind and needs nothing. */
function toQueries(parts: Parts, db: string, facts: ModuleFacts): RewrittenBlock | Unmatched {
  const { attempt, body, client, declaration, finalizer, handler, queries } = parts
  const doubts: string[] = []
  for (const query of queries.keys()) {
    if (!standsAlone(facts.operations.get(query)))
      doubts.push(`the statement of line ${String(facts.line(query))} may need what another one left on the client`)
    doubts.push(...queryDoubts(query, facts))
  }
  if (parts.beforeTry.length > 0) doubts.push('a statement runs before the `try`')
  const edits: Edit[] = [remove(declaration, facts), ...renames(queries, db)]
  if (handler || finalizer.length > 0) edits.push(...withoutRelease(parts, facts))
  else {
    const { block } = attempt
    if (!block) return { problem: 'the `try` has no block' }
    const [first] = body
    const last = body.at(-1)
    if (!first || !last) return { problem: 'the `try` is empty' }
    const closes = facts.text.slice(last.range[1], attempt.range[1])
    const opens = facts.text.slice(attempt.range[0], first.range[0])
    const hasComment = /\/[/*]/.test(opens) || /\/[/*]/.test(closes.replace(/^[^\n]*/, ''))
    const outer = attempt.parent
    const isAlone = hasNoNamesOf(block, outer, attempt)
    if (hasComment || !isAlone) {
      edits.push(
        { range: [attempt.range[0], block.range[0]], text: '' },
        { range: [block.range[1], attempt.range[1]], text: '' },
      )
    } else {
      const trailing = /^[^\n]*/.exec(closes)?.[0].replace(/\s*\}.*$/, '') ?? ''
      edits.push({ range: [attempt.range[0], first.range[0]], text: '' })
      edits.push({ range: [last.range[1] + trailing.length, attempt.range[1]], text: '' })
      edits.push(...outdent(first, last, attempt, facts))
    }
  }
  return { title: 'client to single queries', edits, doubts, client }
}

/** Whether a block can lose its braces: it declares nothing that its surroundings know. */
function hasNoNamesOf(block: Node, outer: Node | null | undefined, attempt: Node): boolean {
  const own = listOf(block).flatMap(namesOf)
  const others = listOf(outer).filter((statement) => statement !== attempt)
  if (own.length === 0) return true
  const outerFunction = attempt.parent && functionAround(attempt)
  const parameters = isFunction(outerFunction) ? outerFunction.params : []
  let clash = false
  for (const place of [...others, ...parameters])
    walk(place, (node) => {
      if (node.type === 'Identifier' && own.includes(String(node.name))) clash = true
    })
  return !clash
}

function namesOf(statement: Node): readonly string[] {
  if (/^(?:Function|Class)Declaration$/.test(statement.type)) return [nameOf(statement.id) ?? '']
  if (statement.type !== 'VariableDeclaration') return []
  const names: string[] = []
  for (const { id } of statement.declarations ?? []) {
    if (id)
      walk(id, (node) => {
        if (node.type === 'Identifier') names.push(String(node.name))
      })
  }
  return names
}

/** Takes one level of indentation from whole lines, not from the inside of texts. */
function outdent(first: Node, last: Node, attempt: Node, facts: ModuleFacts): readonly Edit[] {
  const indentOf = (offset: number): string =>
    /[ \t]*$/.exec(facts.text.slice(facts.text.lastIndexOf('\n', offset - 1) + 1, offset))?.[0] ?? ''
  const [inner, outer] = [indentOf(first.range[0]), indentOf(attempt.range[0])]
  if (!inner.startsWith(outer) || inner.length === outer.length) return []
  const templates = facts.find((node) => node.type === 'TemplateLiteral' && isInside(node, attempt))
  const edits: Edit[] = []
  for (
    let at = facts.text.indexOf('\n', first.range[0]);
    at >= 0 && at < last.range[1];
    at = facts.text.indexOf('\n', at + 1)
  ) {
    const start = at + 1
    if (templates.some(({ range }) => range[0] < start && start <= range[1])) continue
    if (facts.text.startsWith(inner, start))
      edits.push({ range: [start + outer.length, start + inner.length], text: '' })
  }
  return edits
}

function toTransaction(
  parts: Parts,
  db: string,
  isHandle: (node: Node) => boolean,
  facts: ModuleFacts,
): RewrittenBlock | Unmatched {
  const { attempt, beforeTry, body, client, declaration, finalizer, handler, queries } = parts
  const topLevel = (command: string, list: readonly Node[]): Node | undefined =>
    list.find((statement) => {
      const query = queryOf(statement, facts)
      return query && commandOf(query, facts) === command
    })
  const begin = topLevel('begin', [...beforeTry, ...body.slice(0, 1)])
  const commit = topLevel('commit', body)
  if (!begin || !commit) return { problem: 'BEGIN and COMMIT are not the first and last statement of one `try`' }
  const options = optionsOfBegin(queryOf(begin, facts), facts)
  if (options === undefined) return { problem: 'its BEGIN has modes that are not known' }
  const doubts: string[] = []
  const commitAt = body.indexOf(commit)
  const after = body.slice(commitAt + 1)
  const [returned] = after
  const isReturn = returned?.type === 'ReturnStatement' && after.length === 1
  if (after.length > 0 && !isReturn) return { problem: 'statements follow behind its COMMIT' }
  if (isReturn && !isPure(returned.argument)) doubts.push('what is returned is worked out behind COMMIT')
  if (beforeTry.length > (beforeTry.includes(begin) ? 1 : 0))
    return { problem: 'other statements stand before the `try`' }

  const rollback = handler && topLevel('rollback', handler.body)
  const controls = [begin, commit, rollback].flatMap((statement) => (statement ? [queryOf(statement, facts)] : []))
  for (const query of queries.keys()) {
    if (controls.includes(query)) continue
    const { block } = attempt
    if (!block || !isInside(query, block)) {
      doubts.push(`a statement runs outside of the transaction (line ${String(facts.line(query))})`)
      continue
    }
    const statement = onlyStatement(facts.operations.get(query))
    const belongs = statement?.command === 'other' && (statement.verdict === 'safe' || statement.verdict === 'tx')
    if (!belongs)
      doubts.push(
        `the statement of line ${String(facts.line(query))} is none that belongs inside a transaction for sure`,
      )
    doubts.push(...queryDoubts(query, facts))
  }
  if (!handler || !rollback) doubts.push('nothing rolls back when it fails')
  else if (handler.body[0] !== rollback) doubts.push('something happens before ROLLBACK')
  doubts.push(...bodyDoubts(parts, isHandle, returned, facts))

  const tx = facts.freeName('tx')
  const edits: Edit[] = [remove(declaration, facts), remove(begin, facts), remove(commit, facts)]
  edits.push(...renames(new Map([...queries].filter(([query]) => !controls.includes(query))), tx))
  const head = `${isReturn ? 'return ' : ''}await ${db}.transaction(async (${tx}) => {`
  const tail = `}${options === '' ? '' : `, ${options}`})`
  const { block } = attempt
  if (!block) return { problem: 'the `try` has no block' }
  const rest = handler?.body.filter((statement) => statement !== rollback) ?? []
  const onlyThrows =
    rest.length === 1 && rest[0]?.type === 'ThrowStatement' && nameOf(rest[0].argument) === handler?.parameter
  if ((!handler || onlyThrows || rest.length === 0) && finalizer.length === 0) {
    if (handler && rest.length === 0) return { problem: 'its errors are swallowed' }
    edits.push({ range: [attempt.range[0], block.range[0] + 1], text: head })
    edits.push({ range: [block.range[1] - 1, attempt.range[1]], text: tail })
  } else {
    const indent = /[ \t]*$/.exec(facts.text.slice(0, attempt.range[0]))?.[0] ?? ''
    edits.push({ range: [block.range[0] + 1, block.range[0] + 1], text: `\n${indent}  ${head}` })
    edits.push({ range: [block.range[1] - 1, block.range[1] - 1], text: `  ${tail}\n${indent}` })
    if (rollback) edits.push(remove(rollback, facts))
    edits.push(...withoutRelease(parts, facts))
  }
  return { title: 'client to transaction', edits: withoutNested(edits), doubts: [...new Set(doubts)], client }
}

/** Removals inside of what goes as a whole are part of it. */
function withoutNested(edits: readonly Edit[]): readonly Edit[] {
  return edits.filter(
    (edit) =>
      !edits.some(
        (other) =>
          other !== edit &&
          other.range[0] <= edit.range[0] &&
          edit.range[1] <= other.range[1] &&
          other.range[1] - other.range[0] > edit.range[1] - edit.range[0],
      ),
  )
}

/** Why moving a block into a callback may change what it does. */
function bodyDoubts(
  { attempt, queries }: Parts,
  isHandle: (node: Node) => boolean,
  returned: Node | undefined,
  facts: ModuleFacts,
): readonly string[] {
  const doubts: string[] = []
  const { block } = attempt
  if (!block) return doubts
  const owner = functionAround(attempt)
  const at = (node: Node): string => `(line ${String(facts.line(node))})`
  walk(block, (node) => {
    if (node.type === 'ReturnStatement' && node !== returned && functionAround(node) === owner) {
      doubts.push(`it is left in the middle ${at(node)}`)
    } else if (/^(?:Break|Continue)Statement$/.test(node.type) && !staysInside(node, block)) {
      doubts.push(`it is left in the middle ${at(node)}`)
    } else if (node.type === 'YieldExpression') doubts.push(`it yields ${at(node)}`)
    else if (node.type === 'TryStatement' && [...queries.keys()].some((query) => isInside(query, node))) {
      doubts.push(`an error inside of it is caught before ROLLBACK ${at(node)}`)
    } else if (isHandle(node)) doubts.push(`the pool is used besides the client ${at(node)}`)
    else if (node.type === 'AssignmentExpression' || node.type === 'UpdateExpression') {
      const target = node.type === 'AssignmentExpression' ? node.left : node.argument
      const variable = target?.type === 'Identifier' ? facts.variableOf(target) : undefined
      const [definition] = variable?.defs ?? []
      if (target?.type === 'Identifier' && !(definition && isNode(definition.node) && isInside(definition.node, block)))
        doubts.push(`\`${String(target.name)}\` is assigned inside of it ${at(node)}`)
    }
  })
  doubts.push(...callDoubts(block, (node) => queries.has(node), facts))
  return doubts
}

function staysInside(jump: Node, block: Node): boolean {
  if ((jump as { readonly label?: unknown }).label != null) return false
  for (let node = jump.parent; node && node !== block; node = node.parent) {
    if (/^(?:For|While|DoWhile)\w*Statement$/.test(node.type)) return true
    if (node.type === 'SwitchStatement' && jump.type === 'BreakStatement') return true
  }
  return false
}

/** Whether it makes no difference when an expression is worked out. */
function isPure(node: Node | null | undefined): boolean {
  if (!node) return true
  let pure = true
  walk(node, ({ type }) => {
    if (/^(?:Call|New|Await|Yield|Assignment|Update|TaggedTemplate|Import)/.test(type)) pure = false
  })
  return pure
}

const isolation = /^isolation level (serializable|repeatable read|read committed)$/

/** The options of a transaction that BEGIN asks for, as source. */
function optionsOfBegin(query: Node | undefined, facts: ModuleFacts): string | undefined {
  const text = query && facts.operations.get(query)?.texts[0]?.sql.text
  const match = /^\s*(?:begin|start\s+transaction)(?:\s+(?:work|transaction))?\b\s*(.*?)[\s;]*$/is.exec(text ?? '')
  if (!match) return undefined
  const modes = (match[1] ?? '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .split(/\s*,\s*|\s(?=isolation|read (?:only|write))/)
    .filter((mode) => mode !== '')
  const options: string[] = []
  for (const mode of modes) {
    const level = isolation.exec(mode)?.[1]
    if (level !== undefined) options.push(`isolation: '${level}'`)
    else if (mode === 'read only') options.push('readOnly: true')
    else if (mode === 'read write') options.push('readOnly: false')
    else return undefined
  }
  return options.length === 0 ? '' : `{ ${options.join(', ')} }`
}

function queryDoubts(query: Node, facts: ModuleFacts): readonly string[] {
  const doubts: string[] = []
  if (parentOf(query)?.type !== 'AwaitExpression')
    doubts.push(`a query is not waited for where it is sent (line ${String(facts.line(query))})`)
  if (!isPlainQuery(query, facts)) doubts.push(`a query has options of \`pg\` (line ${String(facts.line(query))})`)
  return doubts
}

function renames(queries: ReadonlyMap<Node, Reference>, to: string): readonly Edit[] {
  return [...queries.values()].map(({ identifier }) => ({ range: (identifier as Node).range, text: to }))
}

function withoutRelease({ attempt, finalizer, client }: Parts, facts: ModuleFacts): readonly Edit[] {
  const { block, handler } = attempt
  const before = handler ?? block
  if (!attempt.finalizer || !before) return []
  if (finalizer.length === 0) return [{ range: [before.range[1], attempt.range[1]], text: '' }]
  const release = listOf(attempt.finalizer).find((statement) => isRelease(statement, client, facts))
  return release ? [remove(release, facts)] : []
}

function remove(node: Node, facts: ModuleFacts): Edit {
  return { range: removalOf(facts.text, node.range), text: '' }
}
