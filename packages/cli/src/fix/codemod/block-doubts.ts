import { functionAround, isInside, isNode, walk, type Node } from 'eslint-plugin-pooler-safe/analysis'
import { callDoubts } from './call-doubts.ts'
import type { ClientBlock } from './client-block.ts'
import type { ModuleFacts } from './module-facts.ts'

/** Why moving a block into a callback may change what it does. */
export function bodyDoubts(
  { attempt, queries }: ClientBlock,
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
export function isPure(node: Node | null | undefined): boolean {
  if (!node) return true
  let pure = true
  walk(node, ({ type }) => {
    if (/^(?:Call|New|Await|Yield|Assignment|Update|TaggedTemplate|Import)/.test(type)) pure = false
  })
  return pure
}
