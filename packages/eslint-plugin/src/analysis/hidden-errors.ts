import { isFunction, isInside, nameOf, parentOf, propertyName, unwrap, walk, type Node } from './estree.ts'
import type { Operation } from './operation.ts'
import type { TransactionFacts } from './transaction-facts.ts'

/**
 * Whether a statement of a transaction may fail without the COMMIT being left out: nobody sees its BEGIN, foreign code
 * runs in it, or an error is caught, or not waited for, on the way.
 */
export function mayHideErrors(
  commit: Operation,
  operations: readonly Operation[],
  { names, transactions }: TransactionFacts,
): boolean {
  const span = transactions.spans.find(({ end, commits }) => end === commit || commits.includes(commit))
  if (!span) return true
  const { begin, owner, root } = span
  const isBetween = (node: Node): boolean =>
    node.range[0] >= begin.node.range[1] && node.range[1] <= commit.node.range[0]
  const inside = operations.filter((operation) => operation.root === root && isBetween(operation.node))
  if (inside.some(({ node }) => isUnwatched(node))) return true
  let hidden = false
  walk(owner, (node) => {
    if (hidden || node.range[1] <= begin.node.range[1] || node.range[0] >= commit.node.range[0]) return false
    if (!isBetween(node)) return true
    if (node.type === 'TryStatement' && node.handler && node.block && goesOn(node.handler)) {
      const { block } = node
      hidden = root.references.some(({ identifier }) => isInside(identifier as Node, block))
    } else if (node.type === 'CallExpression' && node.callee) {
      const callee = unwrap(node.callee)
      const variable = callee.type === 'Identifier' ? names.lookUp(String(callee.name), callee) : undefined
      // A function that somebody else gave: `work(client)`.
      hidden =
        variable !== undefined && variable !== root && names.definition(variable)?.type === 'Parameter' && !isOwn(node)
    }
    return true
  })
  return hidden

  /** Executors of the file run one statement, no foreign code. */
  function isOwn(node: Node): boolean {
    return operations.some((operation) => operation.node === node)
  }
}

/** `query(…).catch(…)`, `query(text, callback)`, and promises that nobody waits for. */
function isUnwatched(node: Node): boolean {
  if ((node.arguments ?? []).some((argument) => isFunction(unwrap(argument)))) return true
  const parent = parentOf(node)
  if (parent?.type === 'ExpressionStatement') return true
  if (parent?.type === 'UnaryExpression') return true
  return parent?.type === 'MemberExpression' && propertyName(parent) === 'catch'
}

/** Whether the code after a `catch` runs although its transaction is lost. */
function goesOn(handler: Node): boolean {
  const statements = Array.isArray((handler.body as Node | undefined)?.body)
    ? ((handler.body as Node).body as readonly Node[])
    : []
  if (statements.some(({ type }) => /^(?:Throw|Return|Continue|Break)Statement$/.test(type))) return false
  let undone = false
  walk(handler, (node) => {
    const text = node.type === 'Literal' ? nameOf(node) : undefined
    if (text !== undefined && /^\s*rollback\b/i.test(text)) undone = true
    if (node.type === 'TemplateElement' && /^\s*rollback\b/i.test(String((node.value as { cooked?: string }).cooked)))
      undone = true
    if (node.type === 'MemberExpression' && propertyName(node) === 'rollback') undone = true
    return !undone
  })
  return !undone
}
