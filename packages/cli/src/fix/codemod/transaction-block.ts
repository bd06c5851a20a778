import { isInside, nameOf, type Edit, type Node } from 'eslint-plugin-pooler-safe/analysis'
import { bodyDoubts, isPure } from './block-doubts.ts'
import {
  commandOf,
  partsOf,
  queryDoubts,
  queryOf,
  remove,
  renames,
  withoutRelease,
  type ClientBlock,
  type RewrittenBlock,
  type Unmatched,
} from './client-block.ts'
import { onlyStatement } from './plain-query.ts'
import type { ModuleFacts } from './module-facts.ts'
import { toQueries } from './single-queries.ts'

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

function toTransaction(
  parts: ClientBlock,
  db: string,
  isHandle: (node: Node) => boolean,
  facts: ModuleFacts,
): RewrittenBlock | Unmatched {
  const { attempt, beforeTry, body, declaration, finalizer, handler, queries } = parts
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
  return { title: 'client to transaction', edits: withoutNested(edits), doubts: [...new Set(doubts)] }
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
