import { isInside, type Edit, type Node } from 'eslint-plugin-pooler-safe/analysis'
import { useOf, type Use } from './handles.ts'
import type { ModuleFacts } from './module-facts.ts'
import { isPlainQuery, standsAlone } from './plain-query.ts'
import type { Proposal } from './proposal.ts'
import { rewriteBlock } from './transaction-block.ts'

export interface ConvertedUses {
  readonly edits: readonly Edit[]
  readonly done: readonly string[]
  readonly proposals: readonly Proposal[]
  readonly remarks: readonly string[]
}

/**
 * Rewrites the uses of a pool of `pg` to those of `db`. What only the API of `pg` can do goes to the guarded pool below it, `db.pool`.
 * `isDatabase`: the uses are those of a database already; only what stands on its `pool` is looked at.
 */
export function convertPgUses(
  uses: readonly Node[],
  db: string,
  facts: ModuleFacts,
  isDatabase = false,
): ConvertedUses {
  const edits: Edit[] = []
  const done: string[] = []
  const proposals: Proposal[] = []
  const remarks: string[] = []
  const isHandle = (node: Node): boolean => uses.includes(node)
  for (const node of uses) {
    const outer = useOf(node)
    const use = isDatabase ? poolUse(outer) : outer
    if (!use) continue
    if (use.method === 'connect' && use.call && (use.call.arguments ?? []).length === 0) {
      const line = facts.line(use.call)
      const block = rewriteBlock(use.call, db, isHandle, facts)
      if ('problem' in block)
        remarks.push(`line ${String(line)}: the client of \`connect()\` keeps the API of \`pg\`: ${block.problem}`)
      else if (block.doubts.length === 0) {
        edits.push(...block.edits)
        done.push(`line ${String(line)}: ${block.title}`)
        continue
      } else {
        // In the text as it is: only of use when the pool is a database already.
        proposals.push({ line, title: block.title, reason: block.doubts.join('; '), edits: block.edits })
      }
    }
    if (!isDatabase) edits.push(...editsOf(use, db, facts))
  }
  return { edits, done, proposals, remarks }
}

/** `db.pool.connect()` */
function poolUse({ access, method }: Use): Use | undefined {
  return method === 'pool' && access ? useOf(access) : undefined
}

function editsOf({ access, call, method, node }: Use, db: string, facts: ModuleFacts): readonly Edit[] {
  const parent = node.parent
  if (parent?.type === 'ExportSpecifier') return []
  if (method === 'query' && call && isPlainQuery(call, facts) && standsAlone(facts.operations.get(call)))
    return [{ range: node.range, text: db }]
  if (method === 'end' && call && (call.arguments ?? []).length === 0 && access?.property) {
    return [
      { range: node.range, text: db },
      { range: access.property.range, text: 'close' },
    ]
  }
  if (parent?.type === 'Property' && parent.shorthand === true)
    return [{ range: node.range, text: `${String(node.name)}: ${db}.pool` }]
  return [{ range: node.range, text: `${db}.pool` }]
}

/** Edits without those inside of what another one takes away. */
export function outermost(edits: readonly Edit[]): readonly Edit[] {
  return edits.filter(
    (edit) =>
      !edits.some(
        (other) =>
          other !== edit &&
          other.range[1] - other.range[0] > edit.range[1] - edit.range[0] &&
          other.range[0] <= edit.range[0] &&
          edit.range[1] <= other.range[1],
      ),
  )
}

/** The declaration of a pool becomes one of a database. */
export function declare(declarator: Node, made: Node, name: string, source: string): readonly Edit[] {
  const edits: Edit[] = [{ range: made.range, text: source }]
  const { id } = declarator
  // The name with its annotation, which says `Pool`.
  if (id && !isInside(made, id)) edits.push({ range: id.range, text: name })
  return edits
}
