import {
  functionAround,
  isFunction,
  isInside,
  nameOf,
  walk,
  type Edit,
  type Node,
} from 'eslint-plugin-pooler-safe/analysis'
import {
  listOf,
  queryDoubts,
  remove,
  renames,
  withoutRelease,
  type ClientBlock,
  type RewrittenBlock,
  type Unmatched,
} from './client-block.ts'
import { standsAlone } from './plain-query.ts'
import type { ModuleFacts } from './module-facts.ts'

/** Without a transaction every statement may run on any backend, when it leaves nothing behind and needs nothing. */
export function toQueries(parts: ClientBlock, db: string, facts: ModuleFacts): RewrittenBlock | Unmatched {
  const { attempt, body, declaration, finalizer, handler, queries } = parts
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
  return { title: 'client to single queries', edits, doubts }
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
